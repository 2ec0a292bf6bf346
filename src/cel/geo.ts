// What may be known about an address from databases: where it is, whose network it is in, what is said of it. Who has a
// database implements GeoLookup; expressions ask for it only when they name such a variable.

/** A place. Texts are empty where nothing is known; numbers are texts, as ngrok's variables have them. */
export interface GeoLocation {
  readonly city: string;
  readonly continent: string;
  readonly country: string;
  /** ISO 3166-1, two letters. */
  readonly countryCode: string;
  readonly isEu: boolean;
  /** Degrees, such as "52.52". */
  readonly latitude: string;
  readonly longitude: string;
  readonly metroCode: string;
  readonly postalCode: string;
  /** Kilometres around latitude and longitude. */
  readonly radius: string;
  readonly subdivision: string;
  /** A name of the IANA database, such as "Europe/Berlin". */
  readonly timezone: string;
}

/** All that may be known about an address. */
export interface GeoFacts {
  /** Where it is used. */
  readonly location: GeoLocation;
  /** Where it is registered. */
  readonly registeredLocation: GeoLocation;
  /** The autonomous system that announces it; number 0 when unknown. */
  readonly as: { readonly number: number; readonly organization: string };
  /** Names such as "proxy.anonymous.tor". */
  readonly categories: readonly string[];
  readonly isOnBlocklist: boolean;
  readonly isTorNode: boolean;
}

/** Finds facts about an address. Synchronous, and asked at most once for an address of a connection. */
export interface GeoLookup {
  /** `null` when nothing is known. Must not throw, whatever the text is. */
  lookup(ip: string): GeoFacts | null;
}

const NOWHERE: GeoLocation = {
  city: "",
  continent: "",
  country: "",
  countryCode: "",
  isEu: false,
  latitude: "",
  longitude: "",
  metroCode: "",
  postalCode: "",
  radius: "",
  subdivision: "",
  timezone: "",
};

/** What expressions see when nothing is known. */
export const NO_GEO: GeoFacts = {
  location: NOWHERE,
  registeredLocation: NOWHERE,
  as: { number: 0, organization: "" },
  categories: [],
  isOnBlocklist: false,
  isTorNode: false,
};

/** What only a database knows, whatever it is: `conn.geo`, and all that the two addresses have as members. */
const OF_DATABASE = /^conn\.(?:geo|(?:client|server)_ip\.)/;

/** Whether any of these variables, as `Value.uses` has them, is empty without a database. */
export function needsGeo(uses: ReadonlySet<string>): boolean {
  return uses.values().some((name) => OF_DATABASE.test(name));
}
