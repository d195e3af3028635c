/** The values of a JSON array by their position. null and a missing value are the same. */
export class Fields {
  readonly #values: readonly unknown[];

  constructor(values: unknown) {
    if (!Array.isArray(values)) throw new TypeError("not an array");
    this.#values = values;
  }

  /** @throws SyntaxError or TypeError, as all methods, if a value is not of the type that is asked for */
  static parse(json: string): Fields {
    return new Fields(JSON.parse(json));
  }

  has(index: number): boolean {
    return this.#values[index] !== null && this.#values[index] !== undefined;
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== "string") throw new TypeError(`value ${index} is not a string`);
    return value;
  }

  number(index: number): number {
    const value = this.#values[index];
    // JSON.parse makes Infinity of 1e999, and JSON.stringify null of Infinity.
    if (typeof value !== "number" || !Number.isFinite(value))
      throw new TypeError(`value ${index} is not a number`);
    return value;
  }

  optionalText(index: number): string | undefined {
    return this.has(index) ? this.text(index) : undefined;
  }

  optionalNumber(index: number): number | undefined {
    return this.has(index) ? this.number(index) : undefined;
  }

  part(index: number): Fields {
    return new Fields(this.#values[index]);
  }

  /** null and a missing value are false. */
  flag(index: number): boolean {
    return this.has(index) && this.number(index) === 1;
  }

  parts(): readonly Fields[] {
    return this.#values.map((_, index) => this.part(index));
  }

  texts(): readonly string[] {
    return this.#values.map((_, index) => this.text(index));
  }
}
