"""Is a folder of 100 runs listed as quickly as what is installed?"""

import pytest
from hundred_runs import ratio


@pytest.mark.slow
def test_a_hundred_runs_are_listed_in_three_times_what_a_list_of_components_takes():
    assert ratio(runs=100, rows=2000, repeats=3) < 3
