// What the table of routes says about shares: by which weight a route's clients are shared out among Services, and who of them is
// refused.

import { type Answer, NOTHING, numberOf, objectOf, objectsOf, textOf } from "./answer.ts";
import { type Column, type Paint, shortList } from "./table.ts";

/** The column, when one of the routes shares its clients out. */
export function shareColumns(rows: readonly Answer[], paint: Paint): Column<Answer>[] {
  if (!rows.some((row) => "pools" in row || "refused" in row)) return [];
  const column: Column<Answer> = {
    title: "SHARES",
    value: (row) => {
      const shares = sharesOf(row);
      return shares.length === 0 ? NOTHING : shortList(shares);
    },
    paint: (text, row) => ("refused" in row ? paint.bad(text) : text),
  };
  return [column];
}

/** `90 default/orders:5432` and `10 refused`; what is refused comes first, for a long list is cut. */
function sharesOf(row: Answer): readonly string[] {
  const taken = objectsOf(row, "pools").map((pool) => `${numberOf(pool, "weight")} ${textOf(pool, "name")}`);
  const refused = "refused" in row ? [`${numberOf(objectOf(row, "refused"), "weight")} refused`] : [];
  return [...refused, ...taken];
}
