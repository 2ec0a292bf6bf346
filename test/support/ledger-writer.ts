// A process of its own that accepts one load after the other: in each, both objects have changed and a third one is new. It
// says which generation it has reached once the ledger has accepted it. Argument: state file.

import { Database } from "bun:sqlite";
import { openLedger } from "../../src/app/ledger.ts";
import { adaptDatabase } from "../../src/runtime/database.ts";
import { tcpGateway } from "./manifests.ts";
import { RecordedLog } from "./recorded-log.ts";

const [path = ""] = process.argv.slice(2);
const ledger = openLedger(
  adaptDatabase(path, () => new Database(path)),
  new RecordedLog(),
);
for (let round = 1; ; round++) {
  const objects = ["a", "b", `new-${round}`].map((name) => tcpGateway({ name }, round));
  ledger.propose(objects, new Date()).accept();
  await Bun.write(Bun.stdout, `generation ${round}\n`);
}
