// References to other objects, wherever they are written: every limit of their keys with its good edge. « is where something is
// said.

import { describe, expect, test } from "bun:test";

import { expectTold, manifest, standard } from "../../support/written-manifest.ts";

type Key = "group" | "kind" | "name" | "namespace" | "sectionName";
type Kind =
  | "TCPRoute"
  | "TLSRoute"
  | "UDPRoute"
  | "HTTPRoute"
  | "ReferenceGrant"
  | "BackendTLSPolicy"
  | "ListenerSet"
  | "Gateway";

/** Something that refers to an object. */
interface Holder {
  readonly kind: Kind;
  /** Keys of the reference, each with a good value. */
  readonly keys: Partial<Readonly<Record<Key, string>>>;
  /** Those that have to be there. */
  readonly required: readonly Key[];
  /** With IT in place of the reference, and « where a key that is missing is told. */
  readonly spec: string;
}

const LISTENERS = "listeners: [{name: a, port: 1, protocol: TCP}]";
const GATEWAY = `gatewayClassName: c\n${LISTENERS}`;
const RULES = "rules: [{backendRefs: [{name: a, port: 1}]}]";
const OBJECT = { group: "g.io", kind: "K", name: "n" };
const ANYWHERE = { ...OBJECT, namespace: "ns" };
const SECTION = { ...ANYWHERE, sectionName: "s" };
const NAME = ["name"] as const;
const WHOLE = ["group", "kind", "name"] as const;

const HOLDERS: readonly (readonly [string, Holder])[] = [
  ["a parent of a TCPRoute", { kind: "TCPRoute", keys: SECTION, required: NAME, spec: `${RULES}\nparentRefs: [«IT]` }],
  [
    "a parent of a TLSRoute",
    { kind: "TLSRoute", keys: SECTION, required: NAME, spec: `${RULES}\nhostnames: [a.io]\nparentRefs: [«IT]` },
  ],
  ["a parent of an HTTPRoute", { kind: "HTTPRoute", keys: SECTION, required: NAME, spec: "parentRefs: [«IT]" }],
  [
    "a backend of a TCPRoute",
    { kind: "TCPRoute", keys: ANYWHERE, required: NAME, spec: "rules: [{backendRefs: [«IT]}]" },
  ],
  [
    "a backend of a UDPRoute",
    { kind: "UDPRoute", keys: ANYWHERE, required: NAME, spec: "rules: [{backendRefs: [«IT]}]" },
  ],
  [
    "who may refer, in a ReferenceGrant",
    {
      kind: "ReferenceGrant",
      keys: { group: "g.io", kind: "K", namespace: "ns" },
      required: ["group", "kind", "namespace"],
      spec: 'from: [«IT]\nto: [{group: "", kind: Service}]',
    },
  ],
  [
    "what may be referred to, in a ReferenceGrant",
    {
      kind: "ReferenceGrant",
      keys: OBJECT,
      required: ["group", "kind"],
      spec: 'from: [{group: "", kind: K, namespace: n}]\nto: [«IT]',
    },
  ],
  [
    "a target of a BackendTLSPolicy",
    {
      kind: "BackendTLSPolicy",
      keys: { ...OBJECT, sectionName: "s" },
      required: WHOLE,
      spec: "targetRefs: [«IT]\nvalidation: {hostname: db.io, wellKnownCACertificates: System}",
    },
  ],
  [
    "an authority of a BackendTLSPolicy",
    {
      kind: "BackendTLSPolicy",
      keys: OBJECT,
      required: WHOLE,
      spec: 'targetRefs: [{group: "", kind: Service, name: a}]\nvalidation: {hostname: db.io, caCertificateRefs: [«IT]}',
    },
  ],
  [
    "the parent of a ListenerSet",
    { kind: "ListenerSet", keys: ANYWHERE, required: NAME, spec: `«parentRef: IT\n${LISTENERS}` },
  ],
  [
    "a Gateway's certificate for backends",
    {
      kind: "Gateway",
      keys: ANYWHERE,
      required: NAME,
      spec: `${GATEWAY}\ntls: {backend: {«clientCertificateRef: IT}}`,
    },
  ],
  [
    "a Gateway's authority for clients",
    {
      kind: "Gateway",
      keys: ANYWHERE,
      required: WHOLE,
      spec: `${GATEWAY}\ntls: {frontend: {default: {validation: {caCertificateRefs: [«IT]}}}}`,
    },
  ],
  [
    "a Gateway's parameters",
    { kind: "Gateway", keys: OBJECT, required: WHOLE, spec: `${GATEWAY}\ninfrastructure: {«parametersRef: IT}` },
  ],
];

const LONG = { group: "g".repeat(253), kind: "K".repeat(63), name: "n".repeat(253), namespace: "n".repeat(63) };

const WRONG: readonly (readonly [string, Key, string])[] = [
  ["a group with a version", "group", "g.io/v1"],
  ["a group in upper case", "group", "G.io"],
  ["a group that ends with a dot", "group", "g.io."],
  ["a group that is a number", "group", "1"],
  ["a long group", "group", `${LONG.group}g`],
  ["an empty kind", "kind", '""'],
  ["a kind that begins with a digit", "kind", "1K"],
  ["a kind that ends with a dash", "kind", "K-"],
  ["a kind with a dot", "kind", "K.k"],
  ["a long kind", "kind", `${LONG.kind}K`],
  ["an empty name", "name", '""'],
  ["a name that is a number", "name", "1"],
  ["a long name", "name", `${LONG.name}n`],
  ["an empty namespace", "namespace", '""'],
  ["a namespace with a dot", "namespace", "a.b"],
  ["a long namespace", "namespace", `${LONG.namespace}n`],
  ["a section in upper case", "sectionName", "S"],
  ["a long section", "sectionName", "s".repeat(254)],
];

const GOOD: readonly (readonly [string, Partial<Readonly<Record<Key, string>>>])[] = [
  ["what it needs", {}],
  ["the longest values", { ...LONG, sectionName: "s".repeat(253) }],
  ["the shortest values", { group: '""', kind: "k", name: "N", namespace: "n", sectionName: "s" }],
  ["a kind with a dash and digits", { kind: "My-Kind2" }],
  ["a name that no object has", { name: '"a b"' }],
];

const CODES: Readonly<Record<Key, string>> = {
  group: "bad-group",
  kind: "bad-kind",
  name: "bad-name",
  namespace: "bad-namespace",
  sectionName: "bad-section-name",
};

describe.each(HOLDERS)("%s", (_who, { kind, keys, required, spec }) => {
  const area = kind.toLowerCase();
  const known = (key: string) => Object.hasOwn(keys, key);

  /** The document with these values in place of good ones; `undefined` leaves a key out. */
  function referring(values: Partial<Readonly<Record<Key, string | undefined>>>, hasMark = false): string {
    const all = Object.entries({ ...keys, ...values }).filter(([key, value]) => known(key) && value !== undefined);
    const reference = `{${all.map(([key, value]) => `${key}: ${value}`).join(", ")}}`;
    return standard(kind, (hasMark ? spec : spec.replace("«", "")).replace("IT", reference));
  }

  test.each(WRONG.filter(([, key]) => known(key)))("with %s is refused where it stands", async (_what, key, value) => {
    await expectTold(referring({ [key]: `«${value}` }), `${area}/${CODES[key]}`);
  });

  test.each(required)("without its %s is refused", async (key) => {
    await expectTold(referring({ [key]: undefined }, true), `${area}/missing-key`);
  });

  test.each(GOOD)("with %s is allowed", async (_what, values) => {
    expect(await manifest(kind, referring(values))).toMatchObject({ kind });
  });
});
