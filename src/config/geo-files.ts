// Geo databases as files that are named at start: read then, and again when somebody asks for it. A file that breaks later on
// is used as it was, like every other source.

import { readFile } from "node:fs/promises";

import { GatewayError } from "../base/gateway-error.ts";
import type { GeoFacts, GeoLookup } from "../cel/geo.ts";
import { openGeoDatabases } from "./geo-database.ts";
import { stampAt } from "./stamp.ts";

/** One file as it was read last. */
interface GeoFile {
  readonly path: string;
  readonly stamp: string;
  readonly bytes: Uint8Array;
}

/** What a second reading came to. */
export interface GeoRefresh {
  /** Paths of files that are used as they are now, and were other ones before. */
  readonly replaced: readonly string[];
  /** Why files are used as they were before. */
  readonly problems: readonly GatewayError[];
}

/** Databases in files, of which the first that knows something of an address counts. */
export class GeoFiles implements GeoLookup {
  #files: readonly GeoFile[];
  #lookup: GeoLookup;

  private constructor(files: readonly GeoFile[]) {
    this.#files = files;
    this.#lookup = lookupIn(files);
  }

  /** Reads files. Rejects with GatewayError `geo/unreadable` or `geo/malformed`, which names the file. */
  static async open(paths: readonly string[]): Promise<GeoFiles> {
    return new GeoFiles(await Promise.all(paths.map(read)));
  }

  lookup(ip: string): GeoFacts | null {
    return this.#lookup.lookup(ip);
  }

  /** Reads again what has changed. Never rejects for a file that cannot be used. */
  async refresh(): Promise<GeoRefresh> {
    const replaced: string[] = [];
    const problems: GatewayError[] = [];
    const files = await Promise.all(
      this.#files.map(async (file) => {
        try {
          if ((await stampAt(file.path)) === file.stamp) return file;
          const now = await read(file.path);
          replaced.push(file.path);
          return now;
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          problems.push(error);
          return file;
        }
      }),
    );
    if (replaced.length > 0) this.#lookup = lookupIn(files);
    this.#files = files;
    return { replaced, problems };
  }
}

function lookupIn(files: readonly GeoFile[]): GeoLookup {
  return openGeoDatabases(files.map(({ bytes }) => bytes));
}

async function read(path: string): Promise<GeoFile> {
  // Before the bytes: a file that is replaced meanwhile is read once more the next time.
  const stamp = await stampAt(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError("geo/unreadable", `Cannot read the geo database "${path}": ${why}`, cause);
  }
  try {
    openGeoDatabases([bytes]);
  } catch (cause) {
    const message = `Cannot use "${path}" as a geo database: it is no file in MaxMind's format (.mmdb)`;
    throw new GatewayError("geo/malformed", message, cause);
  }
  return { path, stamp, bytes };
}
