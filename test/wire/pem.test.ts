import { expect, test } from "bun:test";

import { formatPem, parsePem } from "../../src/wire/pem.ts";
import { pemOf, x509Fixtures } from "../support/pem.ts";
import { Random } from "../support/random.ts";

const BLOCK = formatPem("CERTIFICATE", new Uint8Array(100).fill(7));

test("what was written is read again, whatever its length", () => {
  for (let length = 1; length < 200; length++) {
    const bytes = new Random(length).bytes(length);
    expect(parsePem(formatPem("X509 CRL", bytes))).toEqual({
      blocks: [{ label: "X509 CRL", bytes, encrypted: false }],
      cut: false,
    });
  }
});

test("every block of a text is found, with what is around them and whatever ends the lines", () => {
  const text = `Bag Attributes\n    friendlyName: x\n${BLOCK}\n  \n# a comment\n${formatPem("PRIVATE KEY", new Uint8Array(3))}tail`;
  for (const written of [
    text,
    text.replaceAll("\n", "\r\n"),
    text.replaceAll("\n", "\r"),
    `\u{FEFF}${BLOCK}${BLOCK}`,
  ]) {
    const { blocks, cut } = parsePem(written);
    expect(blocks.length).toBe(2);
    expect(blocks.every(({ bytes }) => bytes !== undefined)).toBe(true);
    expect(cut).toBe(false);
  }
});

test("a key of the old form of encryption is told from others, and has no bytes", () => {
  expect(parsePem(pemOf("encrypted-old.key")).blocks).toEqual([{ label: expect.any(String), encrypted: true }]);
  expect(parsePem(pemOf("encrypted.key")).blocks[0]?.label).toBe("ENCRYPTED PRIVATE KEY");
});

test("a block that is not base64 has no bytes", () => {
  for (const body of ["", "AAA", "AA=A", "A===", "AAAA!AAA", "Ä".repeat(4)]) {
    expect(parsePem(`-----BEGIN X-----\n${body}\n-----END X-----\n`).blocks).toEqual([
      { label: "X", encrypted: false },
    ]);
  }
});

test("a text that ends anywhere gives the blocks before the end, and says that one was cut", () => {
  const text = pemOf("root.pem") + pemOf("other.pem");
  const second = pemOf("root.pem").length;
  for (let length = 0; length < text.length - 1; length++) {
    const { blocks, cut } = parsePem(text.slice(0, length));
    expect(blocks.length).toBe(length >= second - 1 ? 1 : 0);
    const into = length < second ? length : length - second;
    const begun = length < second - 1 || length >= second ? into >= "-----BEGIN CERTIFICATE-----".length : false;
    expect(cut).toBe(begun);
  }
});

test("a block within a block is one that was cut", () => {
  expect(parsePem(BLOCK.slice(0, 60) + "\n" + BLOCK)).toEqual({ blocks: [], cut: true });
});

test("no text makes it throw", () => {
  const texts = x509Fixtures(".pem").map(pemOf);
  for (let seed = 0; seed < 3000; seed++) {
    const random = new Random(seed);
    const [text = ""] = texts.slice(random.below(texts.length));
    const at = random.below(text.length);
    parsePem(
      text.slice(0, at) + new TextDecoder().decode(random.bytes(random.below(40))) + text.slice(at + random.below(60)),
    );
  }
});
