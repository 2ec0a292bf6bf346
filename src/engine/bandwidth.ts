// How fast a route's connections may be: what each of them, and all together, may move in a second, each direction by
// itself. Makes the sinks that keep to it; a route without such a limit has none of this.

import type { BandwidthSpec } from "../resource/limits.ts";
import type { Flow } from "../socket/flow.ts";
import type { Direction } from "../socket/pipe.ts";
import type { Socket } from "../socket/socket.ts";
import type { ThrottleClock } from "../socket/throttle-clock.ts";
import { ThrottledSink } from "../socket/throttled-sink.ts";
import { TokenBucket } from "../socket/token-bucket.ts";

export class Bandwidth {
  readonly spec: BandwidthSpec;
  readonly #clock: ThrottleClock;
  /** What all connections share; `null`: nothing. */
  readonly #shared: Readonly<Record<Direction, TokenBucket>> | null;

  constructor(spec: BandwidthSpec, clock: ThrottleClock) {
    this.spec = spec;
    this.#clock = clock;
    const { routeBytesPerSecond: rate } = spec;
    const bucket = (): TokenBucket => new TokenBucket(rate, clock.now());
    this.#shared = rate === 0 ? null : { in: bucket(), out: bucket() };
  }

  /** What a connection's flow writes to in place of `sink`. */
  throttle(sink: Socket, direction: Direction, writer: Flow): Socket {
    const { connectionBytesPerSecond: rate } = this.spec;
    const own = rate === 0 ? [] : [new TokenBucket(rate, this.#clock.now())];
    const buckets = this.#shared === null ? own : [...own, this.#shared[direction]];
    return new ThrottledSink(sink, buckets, this.#clock, writer);
  }
}
