/** What the readers of data sets ask of whoever has the files: a folder on a disk, files dropped on a page, a zip file. */
import type { FileRecord } from "./dataset.ts";
import type { KnownSet } from "./known.ts";

/** What a person says a data set's name and folder by, for messages; the same option where one says both. */
export interface DataOptionNames {
  readonly name: string;
  readonly path: string;
}

/** An experiment's own. */
export const DATA_KEYS: DataOptionNames = { name: "data.name", path: "data.path" };

/** What a folder holds, each list sorted by code unit, so that every machine sees the same order. */
export interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Pictures as they are read, to be recorded as one. */
export interface PicturesRecord {
  /** @param file path inside the data set's folder, with "/" */
  add(file: string, stored: Uint8Array): void;
  end(): void;
}

/** The files of one data set, read under limits. Paths are relative to its folder, with "/". */
export interface DataSource {
  /** Names the whole in messages. */
  readonly folder: string;
  /** Most bytes of all pictures, decoded. */
  readonly maxTotal: number;
  /** Account of what was read; empty where none is kept. */
  readonly records: readonly FileRecord[];
  /** The known set whose content was found, in every file; undefined too where content is not compared. */
  readonly recognised: KnownSet | undefined;

  /**
   * Files and folders in a folder, hidden ones left out; "" is the data set's own.
   *
   * @throws BispikeError "data" when it is no readable folder
   */
  list(folder: string): Promise<Listing>;

  /**
   * A file's content, decompressed if its name ends in `.gz`.
   *
   * @param role the key of its published checksum; without one the file is not compared and not recorded
   * @throws BispikeError "data" for a damaged file, or one that is larger than may be read
   */
  read(file: string, role?: string): Promise<Uint8Array>;

  /** A file as it is stored. @throws BispikeError "data" as `read` */
  readStored(file: string): Promise<Uint8Array>;

  /** Begins the record of a part that is pictures. */
  recordPictures(name: string): PicturesRecord;
}
