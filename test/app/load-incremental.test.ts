// A loader that has loaded many times says the same as one that begins with the same state, whatever has changed in between.

import { expect, test } from "bun:test";
import { openLedger } from "../../src/app/ledger.ts";
import { type LoadedPlan, PlanLoader } from "../../src/app/load.ts";
import type { Sources } from "../../src/config/source.ts";
import { statusesOf } from "../../src/plan/gateway/status.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { keyOf } from "../../src/resource/manifest/manifest.ts";
import { ChangingManifests } from "../support/changing-manifests.ts";
import { Random } from "../support/random.ts";
import { RecordedLog } from "../support/recorded-log.ts";
import { createRouteFiles } from "../support/route-files.ts";
import { openDatabase, sqliteDirectory } from "../support/sqlite.ts";

const SEEDS = 8;
const STEPS = 60;
const NOW_MS = Date.parse("2026-01-05T00:00:00Z");

/** All that can be seen of a load. */
function seenOf({ plan, diagnostics, failed, fileCount, manifestCount, watched, translation, refusals }: LoadedPlan) {
  const outcome = { refusalOf: (route: string) => refusals.get(route), bindErrorOf: () => undefined };
  const statuses = Array.from(statusesOf(translation, outcome), ([object, status]) => [keyOf(object), status]);
  return { plan, diagnostics, failed, fileCount, manifestCount, watched, statuses, refusals };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`a loader that goes on says the same as a new one (seed ${seed})`, async () => {
    const random = new Random(seed);
    const world = new ChangingManifests(random, false);
    // What is there at first may have mistakes.
    world.become(new Map());
    await using files = await createRouteFiles({ "ca.pem": "none" });
    using directory = sqliteDirectory();
    const database = openDatabase(directory.file("state.db"));
    const log = new RecordedLog();
    let nowMs = NOW_MS;
    // What is new in the database is known to a new ledger at once, so that both loaders see objects of the same age.
    const newLoader = () => new PlanLoader({ ledger: openLedger(database, log), credentials: { now: () => nowMs } });
    const kept = newLoader();
    let compared = 0;
    let previous: Plan | undefined;
    for (let step = 0; step < STEPS; step++) {
      const before = new Map(world.texts);
      world.step();
      nowMs += 1000;
      // Some are documents of the admin API.
      const all = [...world.texts].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const sources: Sources = {
        documents: all.flatMap(([file, text]) => (isDocument(file) ? [{ file: `document:${file}`, text }] : [])),
        directories: [],
        embedded: all.flatMap(([file, text]) => (isDocument(file) ? [] : [{ file: files.at(file), text }])),
      };
      const fresh = await newLoader().load(sources, previous);
      const loaded = await kept.load(sources, previous);
      if (fresh.failed) {
        // With an error the older one goes on with what was good before: that is for other tests.
        world.become(before);
        continue;
      }
      compared++;
      expect({ seed, step, ...seenOf(loaded) }).toEqual({ seed, step, ...seenOf(fresh) });
      if (random.chance(4)) continue;
      loaded.accept();
      previous = loaded.plan;
    }
    expect(compared).toBeGreaterThan(STEPS / 4);
    database.close();
  });
}

function isDocument(file: string): boolean {
  return file.startsWith("TCPRoute");
}
