// Written by write_themes.py, from backsight.charts.themes.

export const THEMES = {
  "light": {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "padding": {
      "left": 4,
      "top": 4,
      "right": 18,
      "bottom": 6
    },
    "view": {
      "stroke": null,
      "continuousWidth": 640,
      "continuousHeight": 240
    },
    "mark": {
      "color": "#2a6fb0"
    },
    "text": {
      "color": "#1f2328",
      "fontSize": 11
    },
    "rule": {
      "color": "#59636e"
    },
    "style": {
      "muted": {
        "color": "#59636e"
      },
      "other": {
        "color": "#59636e"
      }
    },
    "axis": {
      "labelColor": "#1f2328",
      "titleColor": "#59636e",
      "labelFontSize": 11,
      "titleFontSize": 11,
      "titleFontWeight": "normal",
      "domainColor": "#d5dae0",
      "tickColor": "#d5dae0",
      "gridColor": "#d5dae0",
      "gridOpacity": 0.6,
      "labelPadding": 5
    },
    "axisDiscrete": {
      "grid": false,
      "ticks": false
    },
    "axisYDiscrete": {
      "labelLimit": 260
    },
    "legend": {
      "labelColor": "#1f2328",
      "titleColor": "#59636e",
      "labelFontSize": 11,
      "titleFontSize": 11,
      "titleFontWeight": "normal",
      "orient": "top",
      "labelLimit": 170,
      "columns": 3
    },
    "title": {
      "anchor": "start",
      "color": "#1f2328",
      "fontSize": 14,
      "fontWeight": 600,
      "subtitleColor": "#59636e",
      "subtitleFontSize": 11.5,
      "subtitlePadding": 5,
      "offset": 12
    },
    "concat": {
      "spacing": 36
    },
    "range": {
      "category": [
        "#2a6fb0",
        "#d0750a",
        "#0f6b4a",
        "#6b2a86",
        "#7a5200",
        "#d85a8f",
        "#2b9ab3",
        "#6e7781"
      ],
      "ordinal": [
        "#2a6fb0",
        "#d0750a",
        "#0f6b4a",
        "#6b2a86",
        "#7a5200",
        "#d85a8f",
        "#2b9ab3",
        "#6e7781"
      ],
      "heatmap": [
        "#e6f0fa",
        "#9cc5ea",
        "#4a90cf",
        "#1c5c9c",
        "#0b3a6b"
      ],
      "ramp": [
        "#e6f0fa",
        "#9cc5ea",
        "#4a90cf",
        "#1c5c9c",
        "#0b3a6b"
      ]
    }
  },
  "dark": {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "padding": {
      "left": 4,
      "top": 4,
      "right": 18,
      "bottom": 6
    },
    "view": {
      "stroke": null,
      "continuousWidth": 640,
      "continuousHeight": 240
    },
    "mark": {
      "color": "#6cb0f0"
    },
    "text": {
      "color": "#e8eaed",
      "fontSize": 11
    },
    "rule": {
      "color": "#a7afb8"
    },
    "style": {
      "muted": {
        "color": "#a7afb8"
      },
      "other": {
        "color": "#a7afb8"
      }
    },
    "axis": {
      "labelColor": "#e8eaed",
      "titleColor": "#a7afb8",
      "labelFontSize": 11,
      "titleFontSize": 11,
      "titleFontWeight": "normal",
      "domainColor": "#3d444d",
      "tickColor": "#3d444d",
      "gridColor": "#3d444d",
      "gridOpacity": 0.6,
      "labelPadding": 5
    },
    "axisDiscrete": {
      "grid": false,
      "ticks": false
    },
    "axisYDiscrete": {
      "labelLimit": 260
    },
    "legend": {
      "labelColor": "#e8eaed",
      "titleColor": "#a7afb8",
      "labelFontSize": 11,
      "titleFontSize": 11,
      "titleFontWeight": "normal",
      "orient": "top",
      "labelLimit": 170,
      "columns": 3
    },
    "title": {
      "anchor": "start",
      "color": "#e8eaed",
      "fontSize": 14,
      "fontWeight": 600,
      "subtitleColor": "#a7afb8",
      "subtitleFontSize": 11.5,
      "subtitlePadding": 5,
      "offset": 12
    },
    "concat": {
      "spacing": 36
    },
    "range": {
      "category": [
        "#6cb0f0",
        "#e07b2e",
        "#9be8b4",
        "#9c66d8",
        "#f2dc6a",
        "#d9618f",
        "#5fd3c4",
        "#9aa4ae"
      ],
      "ordinal": [
        "#6cb0f0",
        "#e07b2e",
        "#9be8b4",
        "#9c66d8",
        "#f2dc6a",
        "#d9618f",
        "#5fd3c4",
        "#9aa4ae"
      ],
      "heatmap": [
        "#1d2f42",
        "#23517d",
        "#3379b7",
        "#6cb0f0",
        "#cfe6fb"
      ],
      "ramp": [
        "#1d2f42",
        "#23517d",
        "#3379b7",
        "#6cb0f0",
        "#cfe6fb"
      ]
    }
  }
} as const;
