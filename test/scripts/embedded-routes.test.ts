import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD_TARGETS, defaultOutfile, parseTarget } from "../../scripts/build-target.ts";
import { collectRoutes, embedRoutes } from "../../scripts/embedded-routes.ts";

const GOOD = 'listen: 5432\nbackends: ["10.0.0.11:5432"]\n# "quotes", \\ and \u2028 survive\n';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sallyport-embed-"));
  await mkdir(join(directory, "src/config"), { recursive: true });
  await mkdir(join(directory, "routes/_examples"), { recursive: true });
  await writeFile(join(directory, "routes/a.yaml"), GOOD);
  await writeFile(join(directory, "routes/_examples/b.yaml"), "listen: 70000\n");
  await writeFile(join(directory, "bad.yaml"), "listen: 70000\n");
  await writeFile(join(directory, "src/config/embedded.ts"), "export const EMBEDDED_ROUTES = [];\n");
  await writeFile(
    join(directory, "main.ts"),
    'import { EMBEDDED_ROUTES } from "./src/config/embedded.ts";\nexport const found = EMBEDDED_ROUTES;\n',
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("routes to embed", () => {
  test("are read by the gateway's own rules", async () => {
    const found = await collectRoutes([join(directory, "routes")]);
    expect(found).toMatchObject({ routes: 1, valid: true, diagnostics: [] });
    expect(found.files).toEqual([{ file: join(directory, "routes/a.yaml"), text: GOOD }]);
  });

  test("are refused when one is wrong, cannot be read, or is not there", async () => {
    await writeFile(join(directory, "junk.yaml"), new Uint8Array([0xff, 0xfe, 0]));
    for (const name of ["bad.yaml", "junk.yaml", "missing"]) {
      const { valid, diagnostics } = await collectRoutes([join(directory, "routes"), join(directory, name)]);
      expect(valid).toBe(false);
      expect(diagnostics.map(({ file }) => file)).toContain(join(directory, name));
    }
  });

  test("refer to certificates on the machine they run on, by absolute paths that are not read", async () => {
    const tls = `${GOOD}tls: {mode: terminate, certificate: /nowhere/db.crt, key: /nowhere/db.key}\n`;
    await writeFile(join(directory, "tls.yaml"), tls);
    expect(await collectRoutes([join(directory, "tls.yaml")])).toMatchObject({ routes: 1, valid: true });
    await writeFile(join(directory, "tls.yaml"), tls.replace("/nowhere/db.crt", "db.crt"));
    const { valid, diagnostics } = await collectRoutes([join(directory, "tls.yaml")]);
    expect(valid).toBe(false);
    expect(diagnostics.map(({ code }) => code)).toEqual(["tls/relative-path"]);
  });

  test("take the place of the empty list in the bundle, byte for byte", async () => {
    const files = [{ file: "routes/a.yaml", text: GOOD }];
    const { outputs } = await Bun.build({ entrypoints: [join(directory, "main.ts")], plugins: [embedRoutes(files)] });
    const bundle = join(directory, "bundle.mjs");
    await writeFile(bundle, (await outputs[0]?.text()) ?? "");
    const { found } = await import(bundle);
    expect(found).toEqual(files);
  });
});

describe("targets", () => {
  test("are known with and without bun-, and give the file its name", () => {
    expect(parseTarget("linux-arm64")).toBe("bun-linux-arm64");
    expect(parseTarget("bun-windows-x64")).toBe("bun-windows-x64");
    expect(parseTarget("linux")).toBeUndefined();
    expect(defaultOutfile(undefined)).toBe("dist/sallyport");
    expect(defaultOutfile("bun-linux-x64-musl")).toBe("dist/sallyport-linux-x64-musl");
    expect(defaultOutfile("bun-windows-arm64")).toBe("dist/sallyport-windows-arm64.exe");
    expect(new Set(BUILD_TARGETS.map(defaultOutfile)).size).toBe(BUILD_TARGETS.length);
  });
});
