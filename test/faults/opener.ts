/** Opens new files, each at a moment at which other programs open it as well. */
import { openSqlite } from "../../src/storage/sqlite.ts";

const [folder, begin, files] = process.argv.slice(2) as [string, string, string];
const interval = 40;
for (let file = 0; file < Number(files); file++) {
  const moment = Number(begin) + file * interval;
  while (Date.now() < moment);
  await openSqlite(`${folder}/${file}.db`).close();
}
