"""Reads a NIR graph and recorded spikes by the reference implementation, runs the graph's equations in NumPy, and says as JSON how the two agree.

usage: nir-reader.py GRAPH SPIKES NETWORK INPUTS.json AGAIN
INPUTS: for each sample the input of each step, or null where the recorded spikes of "input" are to be taken
AGAIN: file that the reference writes the graph to
"""
import json
import sys

import numpy as np
import nir

if not hasattr(nir, "version"):  # from a source tree, not installed
    nir.version = "source"

graph_file, spikes_file, network, inputs_file, again_file = sys.argv[1:]
graph = nir.read(graph_file, type_check=True)
data = nir.read_data(spikes_file).nodes[network]
data.check_nodes(graph)
dt = float(graph.metadata["dt"])
with open(inputs_file, encoding="utf-8") as file:
    inputs = json.load(file)

order, after = [], dict(graph.edges)
name = next(iter(graph.inputs))
while name is not None:
    order.append(name)
    name = after.get(name)

recorded = {name: node.observables["spikes"].to_time_gridded(dt).data for name, node in data.nodes.items()}
compared, near, differing = 0, 0, []
inclusive = graph.metadata["comparison"] == ">="
for sample, given in enumerate(inputs):
    values = recorded["input"][sample].astype(np.float64) if given is None else np.array(given, dtype=np.float64)
    scale = 1.0
    for name in order:
        node = graph.nodes[name]
        kind = type(node).__name__
        if kind == "Affine":
            weight, bias = node.weight.astype(np.float64), node.bias.astype(np.float64)
            scale = 1 + (np.abs(values) @ np.abs(weight).T + np.abs(bias)).max()
            values = values @ weight.T + bias
        elif kind == "LIF":
            v = np.zeros(node.tau.shape)
            lost = np.zeros(node.tau.shape, dtype=bool)
            truth = recorded[name][sample]
            for t, current in enumerate(values):
                v = v + (node.v_leak - v + node.r * current) * dt / node.tau
                fired = v >= node.v_threshold if inclusive else v > node.v_threshold
                lost |= np.abs(v - node.v_threshold) <= 64 * 2.0**-24 * scale
                wrong = (fired != truth[t]) & ~lost
                compared, near = compared + lost.size, near + int(lost.sum())
                differing += [[sample, name, t, int(n)] for n in np.flatnonzero(wrong)]
                v = np.where(fired, node.v_reset, v)
            values = truth.astype(np.float64)
        elif kind not in ("Input", "Output"):
            raise SystemExit(f"unexpected node {kind}")
nir.write(again_file, graph)
print(json.dumps({
    "order": order,
    "types": [type(graph.nodes[name]).__name__ for name in order],
    "compared": compared,
    "near": near,
    "differing": differing[:20],
    "output": values.mean(axis=0).tolist(),
}))
