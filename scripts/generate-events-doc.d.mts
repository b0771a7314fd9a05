/** The catalogue of the log's events, Markdown in this repository's format. */
export function eventsDocument(): Promise<string>;
/** @throws where an event type or stream does not keep to the conventions that the catalogue is read from */
export function describeEvents(files: readonly string[]): string;

/** Every event type of the log with its stream (`credential-<uuid>`) and version. */
export function eventVersions(): readonly {
  readonly type: string;
  readonly stream: string;
  readonly version: number;
}[];
