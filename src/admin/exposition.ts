// Writes the Prometheus text format 0.0.4: one family after the other, each sample one line. Knows no metric. Built for
// hundreds of thousands of lines: labels are rendered once by the caller and lines are joined once.

/** Labels as they stand between braces, made by `labels`. */
export type Labels = string;

/** Renders labels. Do it once per set and reuse the text. */
export function labels(values: Readonly<Record<string, string>>): Labels {
  let text = "";
  for (const name in values) text += `${text === "" ? "" : ","}${name}="${escapeValue(values[name] ?? "")}"`;
  return text;
}

/** A text that is being written. Samples belong to the family that was begun last. */
export class Exposition {
  readonly #lines: string[] = [];
  #name = "";

  /** Begins a family. `help` is one line. */
  family(type: "counter" | "gauge" | "histogram", name: string, help: string): void {
    this.#name = name;
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  sample(set: Labels, value: number): void {
    this.#lines.push(set === "" ? `${this.#name} ${render(value)}` : `${this.#name}{${set}} ${render(value)}`);
  }

  /** One histogram: `counts` are cumulative and one more than `bounds`. */
  histogram(set: Labels, bounds: readonly number[], counts: readonly number[], sum: number): void {
    const name = this.#name;
    const count = render(counts[bounds.length] ?? 0);
    for (let index = 0; index < bounds.length; index++) {
      this.#lines.push(`${name}_bucket{${set},le="${render(bounds[index] ?? 0)}"} ${render(counts[index] ?? 0)}`);
    }
    this.#lines.push(
      `${name}_bucket{${set},le="+Inf"} ${count}`,
      `${name}_sum{${set}} ${render(sum)}`,
      `${name}_count{${set}} ${count}`,
    );
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function render(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeValue(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
