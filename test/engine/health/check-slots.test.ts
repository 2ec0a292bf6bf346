import { describe, expect, test } from "bun:test";
import { CheckSlots, type SlotUser } from "../../../src/engine/health/check-slots.ts";

/** Two slots, and users by name who note what they hear. */
function scene(size = 2) {
  const slots = new CheckSlots();
  slots.resize(size);
  const heard: string[] = [];
  const user = (name: string): SlotUser => {
    const made: SlotUser = {
      turn: () => heard.push(`${name} turn`),
      giveWay() {
        heard.push(`${name} gives way`);
        slots.free(made);
      },
    };
    return made;
  };
  return { slots, heard, user };
}

describe("slots for checks", () => {
  test("are had in the order of asking, as many at once as there are", () => {
    const { slots, heard, user } = scene();
    const [a, b, c, d] = [user("a"), user("b"), user("c"), user("d")];
    for (const each of [a, b, c, d]) slots.ask(each);
    expect(heard).toEqual(["a turn", "b turn"]);
    expect(slots.used).toBe(2);
    slots.free(b);
    slots.free(b);
    expect(heard.splice(0)).toEqual(["a turn", "b turn", "c turn"]);
    slots.ask(b);
    slots.free(a);
    slots.free(c);
    expect(heard).toEqual(["d turn", "b turn"]);
    slots.free(d);
    slots.free(b);
    expect(slots.used).toBe(0);
  });

  test("who leaves the line has no turn", () => {
    const { slots, heard, user } = scene(1);
    const [a, b, c] = [user("a"), user("b"), user("c")];
    for (const each of [a, b, c]) slots.ask(each);
    slots.free(b);
    slots.free(a);
    expect(heard).toEqual(["a turn", "c turn"]);
  });

  test("a slot that is hardly needed is kept until somebody wants one, the longest first", () => {
    const { slots, heard, user } = scene();
    const [a, b, c, d] = [user("a"), user("b"), user("c"), user("d")];
    slots.ask(a);
    slots.ask(b);
    slots.yield(b);
    slots.yield(a);
    slots.yield(c); // Has none.
    expect(slots.used).toBe(2);
    slots.ask(c);
    expect(heard).toEqual(["a turn", "b turn", "b gives way", "c turn"]);
    slots.ask(d);
    expect(heard.slice(4)).toEqual(["a gives way", "d turn"]);
    expect(slots.used).toBe(2);
  });

  test("a slot that becomes hardly needed goes to who waits", () => {
    const { slots, heard, user } = scene(1);
    const [a, b] = [user("a"), user("b")];
    slots.ask(a);
    slots.ask(b);
    slots.yield(a);
    expect(heard).toEqual(["a turn", "a gives way", "b turn"]);
    slots.free(b);
    // It is needed again like any other.
    slots.ask(a);
    slots.ask(b);
    expect(heard.slice(3)).toEqual(["a turn"]);
  });

  test("more of them are used at once, fewer as they become free", () => {
    const { slots, heard, user } = scene(1);
    const [a, b, c] = [user("a"), user("b"), user("c")];
    for (const each of [a, b, c]) slots.ask(each);
    slots.resize(2);
    expect(heard).toEqual(["a turn", "b turn"]);
    slots.resize(1);
    slots.free(a);
    expect(slots.used).toBe(1);
    slots.free(b);
    expect(heard).toEqual(["a turn", "b turn", "c turn"]);
  });

  test("closed, nobody who waits has a turn", () => {
    const { slots, heard, user } = scene(1);
    const [a, b] = [user("a"), user("b")];
    slots.ask(a);
    slots.ask(b);
    slots.close();
    slots.free(a);
    expect(heard).toEqual(["a turn"]);
    expect(slots.used).toBe(0);
  });
});
