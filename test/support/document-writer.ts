// A process of its own that puts documents and names each one on stdout once the store has confirmed it.
// Arguments: state file, prefix of the names, how many.

import { Database } from "bun:sqlite";
import { openDocumentStore } from "../../src/app/documents.ts";
import { adaptDatabase } from "../../src/runtime/database.ts";

const [path = "", prefix = "", count = "0"] = process.argv.slice(2);
const database = adaptDatabase(path, () => new Database(path));
const store = openDocumentStore(database);
for (let index = 0; index < Number(count); index++) {
  const name = `${prefix}${index}`;
  store.put(name, "listen: 5432\n".repeat(100), new Date());
  await Bun.write(Bun.stdout, `${name}\n`);
}
database.close();
