// Writes the status of resources into files, one for each, for people and tools that look at files rather than ask the admin port. A
// file is replaced in one step and only when something changed; what others put into the directory is left alone. A
// directory that cannot be written costs a warning, and is tried again.

import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResourceObject } from "../admin/resource-object.ts";
import { Pace } from "../base/pace.ts";
import type { Log } from "../observe/log.ts";
import { errorCode } from "../runtime/error-code.ts";
import { STATUS_MARK, statusFileName, statusFileText } from "./status-file.ts";
import { prepareStatusDirectory } from "./status-place.ts";

export interface StatusDirectoryOptions {
  /** The directory; it is made when it is not there. */
  readonly directory: string;
  /** What routes are read from: the directory must not be among these. */
  readonly routes: readonly string[];
  readonly log: Log;
  /** Between a failure and the next attempt. */
  readonly retryMs?: number;
}

const RETRY_MS = 10_000;

/** One at a time: at most one is left behind by a process that was killed. */
const DRAFT = ".sallyport-status.draft";

/** Throws GatewayError `status-dir/…` when nothing may or can be written there. */
export async function openStatusDirectory(options: StatusDirectoryOptions): Promise<StatusDirectory> {
  await prepareStatusDirectory(options.directory, options.routes);
  return new StatusDirectory(options);
}

export class StatusDirectory implements AsyncDisposable {
  readonly #directory: string;
  readonly #log: Log;
  readonly #retryMs: number;
  /** Digest of what is in each file that is known to be ours. */
  readonly #written = new Map<string, string>();
  /** Files that others put there. */
  #foreign: ReadonlySet<string> = new Set();
  /** What is to be written next; the newest is enough. */
  #next: readonly ResourceObject[] | undefined;
  #working: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failing = false;
  #closed = false;

  constructor({ directory, log, retryMs = RETRY_MS }: StatusDirectoryOptions) {
    this.#directory = directory;
    this.#log = log;
    this.#retryMs = retryMs;
  }

  /** Resolves when the directory shows these objects, or newer ones, or could not be written. Never rejects. */
  follow(objects: readonly ResourceObject[]): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#next = objects;
    this.#working ??= this.#work();
    return this.#working;
  }

  /** Ends what is under way. The files stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#working;
  }

  async #work(): Promise<void> {
    for (;;) {
      const objects = this.#next;
      if (objects === undefined) {
        // In the same turn as the look at `#next`, or what comes in between would be lost.
        this.#working = undefined;
        return;
      }
      this.#next = undefined;
      clearTimeout(this.#retry);
      const failures: unknown[] = [];
      try {
        await this.#write(objects, failures);
      } catch (error) {
        failures.push(error);
      }
      this.#say(failures);
      if (failures.length === 0 || this.#closed) continue;
      this.#retry = setTimeout(() => void this.follow(objects), this.#retryMs);
      this.#retry.unref();
    }
  }

  async #write(objects: readonly ResourceObject[], failures: unknown[]): Promise<void> {
    const pace = new Pace();
    const present = await this.#list();
    for (const name of this.#written.keys()) if (!present.has(name)) this.#written.delete(name);
    const wanted = new Set<string>();
    for (const object of objects) {
      if (object.status === undefined) continue;
      const name = statusFileName(object);
      wanted.add(name);
      await this.#put(name, object, present).catch((error: unknown) => failures.push(error));
      if (pace.due()) await pace.rest();
    }
    const foreign = new Set<string>();
    for (const name of present) {
      if (wanted.has(name)) continue;
      if (this.#foreign.has(name)) foreign.add(name);
      else await this.#remove(name, foreign).catch((error: unknown) => failures.push(error));
    }
    this.#foreign = foreign;
  }

  /** Files that may be ours. A directory that somebody removed is made again. */
  async #list(): Promise<ReadonlySet<string>> {
    await mkdir(this.#directory, { recursive: true });
    const entries = await readdir(this.#directory, { withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isFile() && entry.name.endsWith(".yaml")).map(({ name }) => name));
  }

  async #put(name: string, object: ResourceObject, present: ReadonlySet<string>): Promise<void> {
    const digest = createHash("sha256").update(JSON.stringify(object)).digest("base64");
    if (this.#written.get(name) === digest) return;
    const path = join(this.#directory, name);
    const text = statusFileText(object);
    if (present.has(name) && !this.#written.has(name)) {
      const found = await readFile(path, "utf8");
      if (found === text) return void this.#written.set(name, digest);
      // An empty one is what is left of ours after the power went.
      if (found !== "" && !found.startsWith(STATUS_MARK)) throw new Error(`"${path}" is not a file of ours`);
    }
    const draft = join(this.#directory, DRAFT);
    try {
      // Whatever an earlier process left behind, and no link to somewhere else.
      await rm(draft, { force: true });
      await writeFile(draft, text, { flag: "wx" });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    this.#written.set(name, digest);
  }

  async #remove(name: string, foreign: Set<string>): Promise<void> {
    const path = join(this.#directory, name);
    try {
      if (!(await isOurs(path))) return void foreign.add(name);
      await unlink(path);
    } catch (error) {
      const code = errorCode(error);
      // Somebody else removed it.
      if (code !== "ENOENT") {
        // What cannot even be read is somebody else's.
        if (code !== "EACCES" || this.#written.has(name)) throw error;
        return void foreign.add(name);
      }
    }
    this.#written.delete(name);
  }

  /** Once, until it is right again. */
  #say(failures: readonly unknown[]): void {
    const [first] = failures;
    const failing = failures.length > 0;
    if (failing === this.#failing) return;
    this.#failing = failing;
    const directory = this.#directory;
    if (!failing) {
      this.#log.write("info", "status-dir-written", `The status of resources is in "${directory}" again`, {
        directory,
      });
      return;
    }
    const why = first instanceof Error ? first.message : String(first);
    const more = failures.length === 1 ? "" : ` (and ${failures.length - 1} more)`;
    const message = `Cannot write the status of resources to "${directory}": ${why}${more}`;
    this.#log.write("warn", "status-dir-failed", message, { directory });
  }
}

/** By how it begins. */
async function isOurs(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const start = new Uint8Array(STATUS_MARK.length);
    await handle.read(start, 0, start.length, 0);
    return new TextDecoder().decode(start) === STATUS_MARK;
  } finally {
    await handle.close();
  }
}
