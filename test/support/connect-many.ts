// Hundreds of connections without running over a listener's accept queue.

import { Peer } from "./peer.ts";

/**
 * Connections under way at a time. Bun listens with a queue of 512; a client that finds it full is heard a second later,
 * or, when the kernel falls back to SYN cookies, is reset although nobody wanted that.
 */
export const AT_ONCE = 250;

/** Connects to a port of this machine `count` times; `onConnect` is called with each. */
export async function connectMany(
  port: number,
  count: number,
  onConnect: (peer: Peer) => void = () => {},
): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const more = Math.min(AT_ONCE, count - peers.length);
    for (const peer of await Promise.all(Array.from({ length: more }, () => Peer.connect(port)))) {
      onConnect(peer);
      peers.push(peer);
    }
  }
  return peers;
}
