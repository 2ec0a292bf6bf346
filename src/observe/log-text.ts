// What both log formats need of text and time.

/** Longest value that a line carries; a stack or a diagnostic fits. */
const MAX_VALUE_UNITS = 8_192;

/** Longest name of a client's certificate: names are short, and what strangers write has to leave room for the rest. */
export const MAX_CERT_UNITS = 256;

/** Cuts a value that would make a line unreadable. */
export function clip(text: string, units: number = MAX_VALUE_UNITS): string {
  return text.length > units ? `${text.slice(0, units)}…` : text;
}

/** Makes a formatter to ISO 8601 with milliseconds, in UTC; it keeps the last second, which hundreds of lines share. */
export function createIsoTime(): (time: number) => string {
  let second = Number.NaN;
  let prefix = "";
  return (time) => {
    const wanted = Math.floor(time / 1000);
    if (wanted !== second) {
      second = wanted;
      prefix = new Date(second * 1000).toISOString().slice(0, -4);
    }
    return `${prefix}${threeDigits(Math.floor(time) - second * 1000)}Z`;
  };
}

/** `HH:MM:SS.mmm` where the reader is. */
export function localTime(time: number): string {
  const date = new Date(time);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}.${threeDigits(date.getMilliseconds())}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function threeDigits(value: number): string {
  return value < 10 ? `00${value}` : value < 100 ? `0${value}` : `${value}`;
}
