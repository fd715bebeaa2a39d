/** What the page may ask of a training worker in order to keep what was trained. */

/** The two networks that can be exported. */
export type ExportedNetwork = "perception" | "recall";

export interface KeepApi {
  /** A network as an ONNX graph, the bytes of `bispike export --format onnx`. Rejects with a `Failure` where there is no recall. */
  onnx(network: ExportedNetwork): Promise<Uint8Array>;
  /** The run as a zipped run folder of the command line. */
  runFolder(): Promise<Uint8Array>;
}
