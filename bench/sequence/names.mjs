// @ts-check
/** Who is measured on sequences. */

export const OUR_BSD = "bispike";
export const OUR_BPTT = "bispike, BPTT";
export const BSD_PEER = { name: "BSD in PyTorch", script: "sequence_bsd_torch.py" };
/** Perception alone, by surrogate gradients through time; streams too, as BSD's perception is the same. */
export const BPTT_PEER = { name: "BPTT in PyTorch", script: "sequence_backprop_torch.py" };
