// TCP addresses as `plan/` sees them: which object has which, and what is reserved. Who hands them out and keeps them is `app/`.

/** An address that is handed out: a name of `--tcp-host`, in lower case, and a port of `--tcp-ports`. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What is to be said of an object's address. */
export interface AddressFinding {
  /** In the words of a condition: `HostNotFound`, `PortOutOfRange`, `AddressTaken`, `RangeFull`. */
  readonly reason: string;
  readonly message: string;
}

/** Addresses of one load. Keys are those of `keyOf`: `Kind/namespace/name`. */
export interface AddressView {
  /** The address of an object that asked for one; `undefined`: it has none, and `findingOf` says why. */
  of(key: string): HostPort | undefined;
  /** Why an object has no address, or what is wrong with the one that it has; `undefined`: all is well. */
  findingOf(key: string): AddressFinding | undefined;
  /** Who reserved this very address: the `ra_…` id of one made through the admin port, or the key of a TCPAddress. */
  reservationOf(host: string, port: number): { readonly id: string } | undefined;
}

/** For whoever has no addresses. */
export const NO_ADDRESSES: AddressView = {
  of: () => undefined,
  findingOf: () => undefined,
  reservationOf: () => undefined,
};
