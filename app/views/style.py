"""How everything looks: one spacing scale, one type scale, a light and a dark palette on Fusion."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app import resources

Theme = Literal["system", "light", "dark"]
THEMES: Final = ("system", "light", "dark")

# Spacing, in device-independent pixels; nothing else is used between widgets.
TIGHT: Final = 4
SMALL: Final = 8
MEDIUM: Final = 12
LARGE: Final = 16
WIDE: Final = 24

_Role = QPalette.ColorRole
_LIGHT = {
    _Role.Window: "#f3f4f6",
    _Role.WindowText: "#1b2129",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f6f8fa",
    _Role.Text: "#1b2129",
    _Role.PlaceholderText: "#5f6b7a",
    _Role.Button: "#e9ecf0",
    _Role.ButtonText: "#1b2129",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#1b2129",
    _Role.ToolTipText: "#f3f4f6",
    _Role.Highlight: "#1c5d99",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#1c5d99",
    _Role.LinkVisited: "#5b3f8c",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#eceef1",
    _Role.Mid: "#c3c9d1",
    _Role.Dark: "#97a1ad",
    _Role.Shadow: "#6b7480",
    _Role.Accent: "#1c5d99",
}
_DARK = {
    _Role.Window: "#1f2328",
    _Role.WindowText: "#e6e9ed",
    _Role.Base: "#16191d",
    _Role.AlternateBase: "#1b1f24",
    _Role.Text: "#e6e9ed",
    _Role.PlaceholderText: "#97a3b1",
    _Role.Button: "#2b3037",
    _Role.ButtonText: "#e6e9ed",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#e6e9ed",
    _Role.ToolTipText: "#16191d",
    _Role.Highlight: "#2f74b5",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#7db8f0",
    _Role.LinkVisited: "#bda5e8",
    _Role.Light: "#3a414a",
    _Role.Midlight: "#30363d",
    _Role.Mid: "#454d57",
    _Role.Dark: "#0f1114",
    _Role.Shadow: "#08090b",
    _Role.Accent: "#4b94d8",
}
# Meaning is never told by these colours alone: a word or a sign stands beside them.
_SIGNALS = {
    "good": ("#1a6b3c", "#6fcf97"),
    "warning": ("#8a5300", "#f0b45c"),
    "bad": ("#a32020", "#ff8f8a"),
    "quiet": ("#56616e", "#a3afbc"),
    "accent": ("#1c5d99", "#7db8f0"),
}

_SHEET = """
QLabel[role="title"] {{ font-size: {title}pt; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {heading}pt; font-weight: 600; }}
QLabel[role="figure"] {{ font-size: {title}pt; font-weight: 600; }}
QLabel[role="quiet"] {{ color: {quiet}; }}
QLabel[role="good"] {{ color: {good}; }}
QLabel[role="warning"] {{ color: {warning}; }}
QLabel[role="bad"] {{ color: {bad}; }}
QFrame[role="card"] {{ background: palette(base); border: 1px solid palette(mid); border-radius: 6px; }}
QFrame[role="message"] {{ background: palette(base); border: 1px solid palette(mid); border-left: 4px solid {accent};
    border-radius: 4px; }}
QFrame[role="message"][tone="bad"] {{ border-left-color: {bad}; }}
QFrame[role="message"][tone="good"] {{ border-left-color: {good}; }}
QFrame[role="message"][tone="warning"] {{ border-left-color: {warning}; }}
QTableView {{ gridline-color: palette(midlight); border: 1px solid palette(mid); border-radius: 4px; }}
QHeaderView::section {{ background: palette(window); border: none; border-bottom: 1px solid palette(mid);
    padding: 4px 6px; font-weight: 600; }}
QPushButton {{ padding: 5px 14px; border: 1px solid palette(mid); border-radius: 4px; background: palette(button); }}
QPushButton:hover {{ border-color: {accent}; }}
QPushButton:pressed {{ background: palette(mid); }}
QPushButton:default, QPushButton[role="primary"] {{ background: palette(highlight); color: palette(highlighted-text);
    border-color: palette(highlight); }}
QPushButton:disabled {{ color: {quiet}; background: palette(window); border-color: palette(mid); }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 4px 13px; }}
QPushButton:default:focus, QPushButton[role="primary"]:focus {{ border: 2px solid palette(window-text); padding: 4px 13px; }}
QLineEdit, QPlainTextEdit, QTextEdit {{ border: 1px solid palette(mid); border-radius: 4px;
    padding: 4px 6px; background: palette(base); }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus {{ border: 2px solid {accent};
    padding: 3px 5px; }}
QLineEdit[wrong="true"] {{ border: 2px solid {bad}; padding: 3px 5px; }}
QLineEdit:read-only {{ background: palette(window); }}
QListWidget#frame\\.pages {{ border: none; background: palette(window); outline: none; }}
QListWidget#frame\\.pages::item {{ padding: 0 10px; border-radius: 4px; }}
QListWidget#frame\\.pages::item:selected {{ background: palette(highlight); color: palette(highlighted-text); }}
QTabWidget::pane {{ border: none; }}
QCheckBox::indicator, QTableView::indicator, QRadioButton::indicator {{ width: {box}px; height: {box}px;
    border: 1px solid palette(placeholder-text); background: palette(base); }}
QCheckBox::indicator, QTableView::indicator {{ border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: {round}px; }}
QCheckBox::indicator:checked, QTableView::indicator:checked,
QRadioButton::indicator:checked {{ background: palette(highlight);
    border-color: palette(highlight); }}
QCheckBox::indicator:checked, QTableView::indicator:checked {{ image: url("{tick}"); }}
QRadioButton::indicator:checked {{ image: url("{dot}"); }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: palette(mid);
    background: palette(window); }}
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled {{ background: palette(mid); }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 2px solid {accent}; }}
QComboBox, QSpinBox {{ min-height: {row}px; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ padding: 6px 12px; border: none; border-bottom: 3px solid transparent; background: transparent; }}
QTabBar::tab:selected {{ border-bottom-color: {accent}; font-weight: 600; }}
QTabBar::tab:hover:!selected {{ border-bottom-color: palette(mid); }}
QTabBar:focus {{ outline: none; }}
QTabBar::tab:selected:focus {{ background: palette(midlight); }}
QTableView {{ outline: none; }}
QTableView::item {{ padding: 0 3px; }}
QTableView::item:selected {{ background: palette(highlight); color: palette(highlighted-text); }}
"""


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Give the whole program its palette; `system` follows the desktop."""
    dark = theme == "dark" or (theme == "system" and QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    application.setStyle("Fusion")
    application.setPalette(_palette(_DARK if dark else _LIGHT))
    size = application.font().pointSizeF()
    signals = {name: pair[dark] for name, pair in _SIGNALS.items()}
    box = QFontMetrics(application.font()).height() * 3 // 4
    measures = {
        "title": round(size * 1.5),
        "heading": round(size * 1.15),
        "box": box,
        "round": box // 2 + 1,
        "row": QFontMetrics(application.font()).height() + 8,
    }
    marks = {name: resources.path("look", f"{name}.png").as_posix() for name in ("tick", "dot")}
    application.setStyleSheet(_SHEET.format(**measures, **marks, **signals))


def signal_color(name: str) -> QColor:
    """The colour of `good`, `warning`, `bad`, `quiet` or `accent` on the palette in use."""
    return QColor(_SIGNALS[name][is_dark()])


def is_dark() -> bool:
    """Whether the palette in use is the dark one."""
    return QGuiApplication.palette().color(_Role.Window).lightness() < 128


def figures_font(font: QFont) -> QFont:
    """The font with digits of one width, so that columns of amounts line up."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _palette(colors: dict[QPalette.ColorRole, str]) -> QPalette:
    palette = QPalette()
    for role, color in colors.items():
        palette.setColor(role, QColor(color))
    for role in (_Role.Text, _Role.WindowText, _Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors[_Role.PlaceholderText]))
    return palette
