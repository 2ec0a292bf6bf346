// The platforms that Bun compiles for, and what a binary for each is called.

/** Every target of `--target`; Bun fetches its runtime for them from the npm registry. */
export const BUILD_TARGETS = [
  "bun-linux-x64",
  "bun-linux-x64-musl",
  "bun-linux-arm64",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
  "bun-windows-x64",
  "bun-windows-arm64",
] as const;

export type BuildTarget = (typeof BUILD_TARGETS)[number];

/** The target with this name, with or without `bun-`; `undefined` when there is none. */
export function parseTarget(text: string): BuildTarget | undefined {
  return BUILD_TARGETS.find((target) => target === text || target === `bun-${text}`);
}

/** `dist/sallyport` for this machine, `dist/sallyport-linux-arm64` for another. */
export function defaultOutfile(target: BuildTarget | undefined): string {
  if (target === undefined) return "dist/sallyport";
  const suffix = target.startsWith("bun-windows") ? ".exe" : "";
  return `dist/sallyport-${target.slice("bun-".length)}${suffix}`;
}
