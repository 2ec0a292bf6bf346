// Documents with `apiVersion` and `kind` as the admin port shows them: the shape of `kubectl get -o json`.

import * as v from "valibot";

/** One of them, in force, with its status. Nothing secret is in it. */
export interface ResourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ResourceMeta;
  /** As written, with every default filled in. */
  readonly spec?: unknown;
  /** Of kinds without `spec`, what they have instead. Values of a Secret are told by their length. */
  readonly type?: unknown;
  readonly data?: unknown;
  readonly addressType?: unknown;
  readonly endpoints?: unknown;
  readonly ports?: unknown;
  readonly subsets?: unknown;
  /** The standard's; absent for kinds that have none. */
  readonly status?: unknown;
}

export interface ResourceMeta {
  readonly name: string;
  /** Absent for kinds that are in none. */
  readonly namespace?: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const Texts = v.record(v.string(), v.string());

export const ResourceSchema: v.GenericSchema<ResourceObject> = v.pipe(
  v.object({
    apiVersion: v.string(),
    kind: v.string(),
    metadata: v.object({
      name: v.string(),
      namespace: v.exactOptional(v.pipe(v.string(), v.description("Absent for kinds that are in none"))),
      generation: v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Changes when the spec does")),
      creationTimestamp: v.pipe(v.string(), v.isoTimestamp()),
      labels: v.exactOptional(Texts),
      annotations: v.exactOptional(v.pipe(Texts, v.description("sallyport.dev/source tells where it is written"))),
    }),
    spec: v.exactOptional(v.pipe(v.unknown(), v.description("As written, with every default filled in"))),
    type: v.exactOptional(v.unknown()),
    data: v.exactOptional(v.pipe(v.unknown(), v.description("Values of a Secret are told by their length alone"))),
    addressType: v.exactOptional(v.unknown()),
    endpoints: v.exactOptional(v.unknown()),
    ports: v.exactOptional(v.unknown()),
    subsets: v.exactOptional(v.unknown()),
    status: v.exactOptional(v.pipe(v.unknown(), v.description("As the standard of its kind says"))),
  }),
  v.metadata({ ref: "Resource" }),
);
