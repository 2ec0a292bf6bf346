// A process of its own that reserves addresses, and lets objects have some, and names each one on stdout once it is kept. Argument:
// state file.

import { Database } from "bun:sqlite";
import { adaptDatabase } from "../../src/runtime/database.ts";
import { addressScene } from "./address-scene.ts";

const [path = ""] = process.argv.slice(2);
const database = adaptDatabase(path, () => new Database(path));
const { book, allotments } = addressScene({ ports: [1, 65_535] }, database);
const wishes: { readonly key: string }[] = [];
for (let index = 0; ; index++) {
  const created = book.create({}, new Date());
  if ("address" in created) await Bun.write(Bun.stdout, `${created.address.id} ${created.address.addr}\n`);
  const key = `TCPAddress/default/a${index}`;
  wishes.push({ key });
  const proposal = allotments.propose(wishes);
  proposal.accept();
  await Bun.write(Bun.stdout, `${key} localhost:${proposal.of(key)?.port}\n`);
}
