import { describe, expect, test } from "bun:test";
import { runCli } from "../support/cli.ts";

const COMMANDS =
  "run check status routes listeners backends connections resources address kill reload drain version completion help".split(
    " ",
  );

/** What bash would offer for a line, whose last word is being typed. */
async function bashOffers(line: string): Promise<readonly string[]> {
  const { out } = await runCli(["completion", "bash"]);
  const words = line.split(" ");
  const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_sallyport
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p sallyport >&2
`;
  const bash = Bun.spawn(["bash", "--norc", "-eu", "-c", script], { cwd: import.meta.dir, stderr: "pipe" });
  const [offers, complaints] = await Promise.all([bash.stdout.text(), bash.stderr.text()]);
  expect(await bash.exited).toBe(0);
  expect(complaints).toBe("complete -o default -F _sallyport sallyport\n");
  return offers.split("\n").filter((offer) => offer !== "");
}

describe.skipIf(Bun.which("bash") === null)("bash, as bash understands it", () => {
  test("offers the commands", async () => {
    expect((await bashOffers("sallyport ")).toSorted()).toEqual(COMMANDS.toSorted());
    expect((await bashOffers("sallyport re")).toSorted()).toEqual(["reload", "resources"]);
  });

  test("offers the flags of a command, and those of run without one", async () => {
    expect(await bashOffers("sallyport kill --ro")).toEqual(["--route"]);
    expect(await bashOffers("sallyport --dr")).toEqual(["--drain-timeout"]);
    expect(await bashOffers("sallyport check --ge")).toEqual(["--geo-db"]);
    expect(await bashOffers("sallyport run --")).toContain("--strict");
    expect(await bashOffers("sallyport status --")).not.toContain("--strict");
  });

  test("offers the commands within a command, and their own flags", async () => {
    expect(await bashOffers("sallyport backends s")).toEqual(["set"]);
    expect(await bashOffers("sallyport backends --st")).toEqual(["--state"]);
    expect(await bashOffers("sallyport backends set --st")).toEqual(["--state", "--state-file"]);
    expect(await bashOffers("sallyport backends set --")).not.toContain("--targets");
    expect(await bashOffers("sallyport backends set x --state d")).toEqual(["drain", "down"]);
    expect((await bashOffers("sallyport address ")).slice(0, 3)).toEqual(["create", "list", "delete"]);
    expect(await bashOffers("sallyport address create --me")).toEqual(["--metadata"]);
  });

  test("offers closed sets of values", async () => {
    expect(await bashOffers("sallyport check --format ")).toEqual(["text", "json", "github"]);
    expect(await bashOffers("sallyport completion ")).toContain("zsh");
    expect(await bashOffers("sallyport help ki")).toEqual(["kill"]);
  });

  test("offers files where files are wanted", async () => {
    expect(await bashOffers("sallyport check completion.t")).toEqual(["completion.test.ts"]);
    expect(await bashOffers("sallyport run --routes completion.t")).toEqual(["completion.test.ts"]);
  });
});

describe("every shell", () => {
  test.each(["bash", "zsh", "fish"])("%s knows every command and flag", async (shell) => {
    const { code, out } = await runCli(["completion", shell]);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(command);
    for (const flag of ["drain-timeout", "strict", "format", "limit", "json"]) expect(out).toContain(flag);
  });
});
