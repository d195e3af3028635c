// The names of a browser that playwright-core's types mention; tests run in Node.js, which has none of them.
interface Node {
  readonly textContent: string | null;
}
interface HTMLElement extends Node {
  readonly tagName: string;
}
interface SVGElement extends Node {
  readonly tagName: string;
}
interface HTMLElementTagNameMap {
  readonly a: HTMLElement;
}
