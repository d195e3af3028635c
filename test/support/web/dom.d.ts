// DOM types that the types of playwright-core use, for TypeScript without the DOM library.
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
