/**
 * TensorBoard's event files: records of protocol-buffer messages.
 *
 *   record: u64 length, u32 masked CRC of those 8 bytes, message, u32 masked CRC of the message   (little-endian)
 *   mask(c) = (c rotated right by 15) + 0xa282ead8,   CRC-32C: polynomial 0x1EDC6F41, reflected
 *   Event { 1: double wall_time, 2: int64 step, 3: string file_version | 5: Summary { 1: repeated Value { 1: string tag, 2: float simple_value } } }
 *
 * Sources: TensorFlow's record_writer.h, crc32c.h, event.proto and summary.proto.
 */

import { PbfWriter } from "pbf";

/** Figures of one moment of training. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Optimiser steps done. */
  readonly step: number;
  /** Name and value, such as "train/loss". */
  readonly scalars: readonly (readonly [tag: string, value: number])[];
}

const VERSION = "brain.Event:2";
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/**
 * CRC-32C (Castagnoli) of bytes.
 *
 * @example
 * crc32c(new TextEncoder().encode("123456789")); // 0xe3069283
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** As records store it, so that the CRC of data that hold CRCs does not go wrong. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One message as a record. */
export function encodeRecord(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 + message.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(message.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc(message), true);
  return bytes;
}

function encodeEvent(event: ScalarEvent | { readonly wallTime: number; readonly version: string }): Uint8Array {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, event.wallTime);
  if ("version" in event) writer.writeStringField(3, event.version);
  else {
    writer.writeVarintField(2, event.step);
    writer.writeMessage(5, writeSummary, event.scalars);
  }
  return writer.finish();
}

function writeSummary(scalars: ScalarEvent["scalars"], writer: PbfWriter): void {
  for (const value of scalars) writer.writeMessage(1, writeValue, value);
}

function writeValue([tag, value]: ScalarEvent["scalars"][number], writer: PbfWriter): void {
  writer.writeStringField(1, tag);
  writer.writeFloatField(2, value);
}

/**
 * Bytes of an event file. TensorBoard takes a file of a folder for one if its name holds "tfevents".
 *
 * @param start wall time, seconds since 1970, of the file's first record, which says its version
 * @example
 * const bytes = encodeEvents([{ wallTime: 1.7e9, step: 1, scalars: [["train/loss", 0.5]] }], 1.7e9);
 */
export function encodeEvents(events: readonly ScalarEvent[], start: number): Uint8Array<ArrayBuffer> {
  const messages = [encodeEvent({ wallTime: start, version: VERSION }), ...events.map(encodeEvent)];
  const records = messages.map(encodeRecord);
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  return bytes;
}

/** A metric line of any kind of experiment. */
export interface AnyLine {
  readonly kind: "step" | "epoch";
  /** Optimiser steps done. */
  readonly step: number;
  /** Of a step, the epoch under way; of an epoch, its number; from 1. */
  readonly epoch: number;
  /** Seconds of training so far. */
  readonly seconds: number;
}

const PLACE: ReadonlySet<string> = new Set(["kind", "step"]);
/** Lists that begin at stage 1; others do at stage 2, the first hidden one. */
const FROM_STIMULUS: ReadonlySet<string> = new Set(["stageLosses"]);

/**
 * A line's scalars: "step/loss", "step/stageLosses/stage1", "epoch/validationAccuracy". What is null, not finite or no number is left out. Their wall time is `start` plus the line's seconds.
 *
 * @param start seconds since 1970 at which the run began
 * @example
 * const line = { kind: "step", step: 1, epoch: 1, seconds: 2, loss: 0.5 } as const;
 * scalarsOf(line, 1.7e9).scalars; // [["step/epoch", 1], ["step/seconds", 2], ["step/loss", 0.5]]
 */
export function scalarsOf(line: AnyLine, start: number): ScalarEvent {
  const scalars: [string, number][] = [];
  const add = (tag: string, value: unknown) => {
    if (typeof value === "number" && Number.isFinite(value)) scalars.push([tag, value]);
  };
  for (const [key, value] of Object.entries(line)) {
    if (PLACE.has(key)) continue;
    const tag = `${line.kind}/${key}`;
    if (!Array.isArray(value)) add(tag, value);
    else for (const [k, each] of value.entries()) add(`${tag}/stage${k + (FROM_STIMULUS.has(key) ? 1 : 2)}`, each);
  }
  return { wallTime: start + (Number.isFinite(line.seconds) ? line.seconds : 0), step: line.step, scalars };
}
