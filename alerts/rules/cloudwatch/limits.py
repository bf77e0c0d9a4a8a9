"""What CloudWatch, Application Signals and CloudFormation take at most.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html and API_PutCompositeAlarm.html there;
https://docs.aws.amazon.com/applicationsignals/latest/APIReference/API_CreateServiceLevelObjective.html;
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

from typing import Final

from ....slo import DAY, MINUTE, Window

PERIOD: Final = MINUTE
"""Seconds: of metrics of a minute's resolution, periods are multiples of it."""
LONGEST_WINDOW: Final = 7 * DAY
"""Seconds that an alarm looks back at most: its period times its evaluation periods."""
LONGEST_NAME: Final = 255
LONGEST_DESCRIPTION: Final = 1_024
LONGEST_RULE: Final = 10_240
MOST_BURN_RATES: Final = 10
"""Of an objective of Application Signals; each looks back seven days at most."""
LONGEST_SLO_NAME: Final = 128
MOST_RESOURCES: Final = 500
"""Of a template."""


def can_look_back(window: Window) -> bool:
    """Whether an alarm can judge a window."""
    return window.seconds % PERIOD == 0 and window.seconds <= LONGEST_WINDOW
