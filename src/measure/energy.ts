/**
 * Energy of arithmetic in a 45 nm process at 0.9 V, from M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014:
 * an AC is one addition, a MAC a multiplication and an addition of the same width.
 *
 *   | pJ        | add  | multiply | MAC  |
 *   | FP32      | 0.9  | 3.7      | 4.6  |
 *   | FP16      | 0.4  | 1.1      | 1.5  |
 *   | INT8      | 0.03 | 0.2      | 0.23 |
 *
 * **Arithmetic only.** Moving weights and states costs more than adding them on nearly all hardware (the same table has 1.3 to 2.6 nJ
 * for an access to DRAM), so these figures compare counts of operations; they are no forecast of a chip. FP16 and INT8 are prices of the same operations in narrower numbers: nothing here is quantised.
 */
import type { Effective } from "./operations.ts";

/** Picojoules of one operation. */
export interface EnergyPreset {
  readonly name: string;
  /** Of a multiply-accumulation. */
  readonly mac: number;
  /** Of an accumulation. */
  readonly ac: number;
}

/** What `energy` figures of a run are in where nothing else is said: the engine computes in FP32. */
export const FP32: EnergyPreset = { name: "FP32, 45 nm", mac: 4.6, ac: 0.9 };
export const FP16: EnergyPreset = { name: "FP16, 45 nm", mac: 1.5, ac: 0.4 };
export const INT8: EnergyPreset = { name: "INT8, 45 nm", mac: 0.23, ac: 0.03 };

/** Every preset, by the name of its numbers. */
export const ENERGY_PRESETS = { fp32: FP32, fp16: FP16, int8: INT8 } as const;

/**
 * Picojoules of effective operations, arithmetic only, in a 45 nm process (Horowitz, ISSCC 2014). Memory, which costs more, is not in it.
 *
 * @param preset default FP32
 * @example
 * picojoules({ macs: 10, acs: 100 }); // 10 * 4.6 + 100 * 0.9 = 136
 */
export function picojoules(effective: Effective, preset: EnergyPreset = FP32): number {
  const { macs, acs } = effective;
  return macs * preset.mac + acs * preset.ac;
}
