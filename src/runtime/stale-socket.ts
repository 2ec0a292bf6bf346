// A unix socket's file outlives a process that was killed, and then no one can bind its path again. This file tells
// such a leftover from the socket of a living server and removes only the leftover.

import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { errorCode } from "./error-code.ts";

/**
 * Removes the file at `path` if it is a unix socket that nobody listens on; says whether it did. Anything else (another
 * kind of file, a socket that answers, no permission) stays as it is, and the bind error that led here is the answer.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  if (!isSocket(path) || !(await refuses(path))) return false;
  unlinkSync(path);
  return true;
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Whether connecting fails because nobody listens. A full backlog or missing permission is a sign of life. */
function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error) => {
      resolve(errorCode(error) === "ECONNREFUSED");
    });
  });
}
