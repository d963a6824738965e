import torch
from srkit_edge import edge


def test_a_step_of_one_costs_its_height_per_neighbour():
    sr, hr = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    sr[..., 2:] = 0.5
    assert edge()(sr, hr).item() == torch.tensor(0.5 / 3).item()
    assert edge(power=2)(sr, hr).item() == torch.tensor(0.25 / 3).item()
    assert edge()(hr, hr).item() == 0
