"""The words of the part of the text summary that tells of captured traffic."""
# ruff: noqa: RUF001 - Chinese has its own comma, colon and brackets

from __future__ import annotations

TRAFFIC_EN = {
    "section_captures": "CAPTURES ({n})",
    "capture_of": (
        "{packets} packets, {bytes}, from {first} UTC for {length}; {flows} flows, "
        "{skipped} packets gave none"
    ),
    "drops_untold": "the file does not say whether packets were lost",
    "nothing_crossed": "NOTHING CROSSED THE PERIMETER at this place and time",
    "section_bill": "WHAT LEFT: DESTINATIONS BY BYTES OUT ({n})",
    "bill_to": "to",
    "bill_from": "from {target}",
    "bill_out": "out",
    "bill_in": "in",
    "bill_flows": "flows",
    "bill_who": "operator, country",
    "bill_total": "in all",
    "bill_names": "{n} more names",
    "bill_clear": "in clear",
    "bill_encrypted": "encrypted",
    "bill_untold": "not known whether encrypted",
    "bill_unanswered": "NO ANSWER",
    "bill_peers": "by {peers}",
    "bill_excepted": "excepted ({who})",
    "section_names": "NAMES ASKED FOR, NOT OF THE SITE ({n} domains)",
    "asked_of": "{questions} questions for {names} names by {clients} to {servers}",
    "section_zones": "BETWEEN ZONES ({n})",
    "zone_of": "{flows} flows, {out} there, {back} back",
    "zone_refused": "controllers' traffic that the site does not allow",
    "section_indicators": "WORTH A LOOK: indicators, no proof ({n})",
}
TRAFFIC_ZH = {
    "section_captures": "抓包（{n}）",
    "capture_of": (
        "{packets} 个包，{bytes}，自 {first} UTC 起 {length}；{flows} 条流，{skipped} 个包未形成流"
    ),
    "drops_untold": "文件未说明是否丢包",
    "nothing_crossed": "在该位置与时段无数据跨越边界",
    "section_bill": "离开的数据：按外发字节排列的目的地（{n}）",
    "bill_to": "至",
    "bill_from": "来自 {target}",
    "bill_out": "外发",
    "bill_in": "接收",
    "bill_flows": "流",
    "bill_who": "运营方，国家或地区",
    "bill_total": "合计",
    "bill_names": "另 {n} 个名称",
    "bill_clear": "明文",
    "bill_encrypted": "加密",
    "bill_untold": "是否加密未知",
    "bill_unanswered": "无应答",
    "bill_peers": "由 {peers}",
    "bill_excepted": "例外（{who}）",
    "section_names": "被查询的非站点名称（{n} 个域）",
    "asked_of": "{clients} 向 {servers} 查询 {names} 个名称共 {questions} 次",
    "section_zones": "区域之间（{n}）",
    "zone_of": "{flows} 条流，去 {out}，回 {back}",
    "zone_refused": "站点未允许的工控流量",
    "section_indicators": "值得关注：仅为迹象，并非证明（{n}）",
}
