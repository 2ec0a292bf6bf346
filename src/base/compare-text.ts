/** Orders texts by their UTF-16 units: the same everywhere, whatever language a machine speaks. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
