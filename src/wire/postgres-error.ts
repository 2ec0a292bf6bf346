// Tells a PostgreSQL client why it gets no session, in the words its user will see: an error response, as a server sends
// it. Pure.

/**
 * An error response with what every client expects of one. `FATAL` also tells the client that the connection ends; close
 * it after the last byte. `sqlState` is five characters (`08004`: the connection was rejected), `message` one line.
 */
export function postgresError(severity: "FATAL" | "ERROR", sqlState: string, message: string): Uint8Array {
  // Severity twice: in the language of the user, and for programs. A NUL would end the message, and begin a field.
  const fields = [`S${severity}`, `V${severity}`, `C${sqlState}`, `M${message}`].map((field) =>
    field.replaceAll("\0", ""),
  );
  const body = new TextEncoder().encode(`${fields.join("\0")}\0\0`);
  const response = new Uint8Array(1 + 4 + body.length);
  response[0] = "E".charCodeAt(0);
  new DataView(response.buffer).setUint32(1, 4 + body.length);
  response.set(body, 5);
  return response;
}
