from __future__ import annotations


def sample() -> bytes:
    return b"""<?xml version="1.0"?>
<net name="tiny" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="1,2" element_type="f32" /></layer>
    <layer id="1" name="w" type="Const" version="opset1">
      <data element_type="f16" shape="2, 4" offset="0" size="16" /></layer>
    <layer id="2" name="y" type="MatMul" version="opset1" />
  </layers>
  <edges><edge from-layer="0" from-port="0" to-layer="2" to-port="0" /></edges>
  <rt_info><info name="OpenVINO Runtime" value="2026.4.1" /></rt_info>
</net>
"""
