// The table of `sallyport resources`: one line for each resource, or, when it is wide, for each parent of each.

import { type Verdict, verdictsOf } from "../admin/resource-verdict.ts";
import { type Answer, NOTHING, numberOf, objectOf, textOf } from "./answer.ts";
import { formatDuration } from "./quantity.ts";
import { type Column, formatTable, type Paint } from "./table.ts";

export interface ResourceTable {
  readonly paint: Paint;
  readonly wide: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A line of the table. */
interface Line {
  readonly resource: Answer;
  readonly verdicts: readonly Verdict[];
}

export function formatResources(resources: readonly Answer[], { paint, wide, now }: ResourceTable): string {
  const lines = resources.flatMap((resource): readonly Line[] => {
    const verdicts = verdictsOf(resource["status"]);
    return wide && verdicts.length > 1
      ? verdicts.map((each) => ({ resource, verdicts: [each] }))
      : [{ resource, verdicts }];
  });
  const meta = ({ resource }: Line): Answer => objectOf(resource, "metadata");
  const columns: readonly Column<Line>[] = [
    { title: "NAMESPACE", value: (line) => textOf(meta(line), "namespace") },
    { title: "KIND", value: ({ resource }) => textOf(resource, "kind") },
    { title: "NAME", value: (line) => textOf(meta(line), "name") },
    {
      title: "STATUS",
      value: ({ verdicts }) => stateOf(verdicts),
      paint: (text, { verdicts }) => painted(text, verdicts, paint),
    },
    { title: "AGE", value: (line) => ageOf(meta(line), now) },
  ];
  return formatTable(wide ? [...columns, ...WIDE] : columns, lines, paint);
}

const WIDE: readonly Column<Line>[] = [
  { title: "PARENT/ADDRESS", value: ({ verdicts }) => verdicts[0]?.about || NOTHING },
  {
    title: "GENERATION",
    value: ({ resource }) => String(numberOf(objectOf(resource, "metadata"), "generation")),
    right: true,
  },
  { title: "MESSAGE", value: ({ verdicts }) => verdicts.find(({ good }) => !good)?.message ?? "" },
];

/** One word when all parents say the same, else what each says. */
function stateOf(verdicts: readonly Verdict[]): string {
  const [first] = verdicts;
  if (first === undefined) return NOTHING;
  if (verdicts.every(({ state }) => state === first.state)) return first.state;
  return verdicts.map(({ about, state }) => `${about} ${state}`).join("; ");
}

function painted(text: string, verdicts: readonly Verdict[], paint: Paint): string {
  if (verdicts.length === 0) return text;
  if (verdicts.every(({ good }) => good)) return paint.good(text);
  return verdicts.some(({ good }) => good) ? paint.warn(text) : paint.bad(text);
}

function ageOf(meta: Answer, now: number): string {
  const created = Date.parse(textOf(meta, "creationTimestamp"));
  // A clock that is behind: it has just been made.
  return Number.isNaN(created) ? NOTHING : formatDuration(Math.max(0, now - created));
}
