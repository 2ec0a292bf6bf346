import { describe, expect, test } from "bun:test";
import { natsDialogue } from "../../../src/wire/check/nats.ts";
import { latin1, verdictOn } from "../../support/dialogue.ts";

const dialogue = natsDialogue();

describe("the NATS check", () => {
  test("sends nothing", () => {
    expect(dialogue.send).toBeUndefined();
  });

  test("is good when the server greets, however long its greeting is", () => {
    expect(verdictOn(dialogue, latin1('INFO {"server_id":"N"} \r\n'))).toBe("good");
    expect(verdictOn(dialogue, latin1(`INFO {"connect_urls":["${"x".repeat(5000)}`))).toBe("good");
  });

  test("is bad when the server sends an error, with the line as reason", () => {
    const bad = `The server said "-ERR 'maximum connections exceeded'"`;
    expect(verdictOn(dialogue, latin1("-ERR 'maximum connections exceeded'\r\n"))).toEqual({ bad });
    expect(verdictOn(dialogue, latin1(`-${"e".repeat(5000)}`))).toMatchObject({ bad: expect.stringContaining("-ee") });
  });

  test("is bad when another protocol speaks", () => {
    expect(verdictOn(dialogue, latin1("INFORMATION"))).toEqual({ bad: 'Not a NATS server: "INFORMATION"' });
  });
});
