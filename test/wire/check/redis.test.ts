import { describe, expect, test } from "bun:test";
import { redisDialogue } from "../../../src/wire/check/redis.ts";
import { latin1, verdictOn } from "../../support/dialogue.ts";

const dialogue = redisDialogue();

describe("the Redis check", () => {
  test("sends PING", () => {
    expect(dialogue.send).toEqual(latin1("PING\r\n"));
  });

  test.each([
    "+PONG\r\n",
    "-NOAUTH Authentication required.\r\n",
    "-NOPERM this user has no permissions to run the 'ping' command\r\n",
  ])("is good at %j", (answer) => expect(verdictOn(dialogue, latin1(answer))).toBe("good"));

  test.each([
    "-LOADING Redis is loading the dataset in memory",
    "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "-ERR max number of clients reached",
    "-NOAUTHORITY made up",
    "+OK",
  ])("is bad at %j, with the line as reason", (line) => {
    expect(verdictOn(dialogue, latin1(`${line}\r\n`))).toEqual({ bad: `The server said "${line}"` });
  });

  test("waits for the end of the line", () => {
    expect(verdictOn(dialogue, latin1("+PONG"))).toBe("more");
  });

  test("is bad when another protocol answers", () => {
    const bad = 'Not a Redis server: "HTTP/1.1 400 Bad Request"';
    expect(verdictOn(dialogue, latin1("HTTP/1.1 400 Bad Request\r\n"))).toEqual({ bad });
  });
});
