"""How do the scores of the same SR under the protocols of others stand in a table?"""

from math import isfinite

from srkit_core.evaluation.scores import ModelScores
from srkit_core.evaluation.tables.figures import Compared
from srkit_core.evaluation.tables.score_tables import EXACT, NONE_JUDGED, metric_head
from srkit_core.evaluation.tables.table_parts import Block, Cell, Table, TableColumn, TableRow


def explained_tables(compared: Compared) -> tuple[Table, ...]:
    """Return a table of the common protocols, with a block of each model and set; none where
    nothing was asked for.
    """
    blocks, columns = [], list[TableColumn]()
    for place, scores in compared.scores.sets.items():
        for one in compared.rows if scores.explained else ():
            rows = []
            for each in scores.explained:
                row = each.scores[one.full_name]
                columns = [TableColumn(metric_head(row.specs[label], label)) for label in row.specs]
                cells = [*(_cell(row, label) for label in row.specs), Cell(each.used_by)]
                rows.append(TableRow(each.name, each.name, cells))
            blocks.append(Block(", ".join(filter(None, [place, one.full_name])), tuple(rows)))
    if not blocks:
        return ()
    caption = "the same pictures under protocols in use: figures of two rows do not compare"
    heads = [*columns, TableColumn("used by")]
    return (Table(caption, "protocol", heads, blocks, heading="model"),)


def _cell(row: ModelScores, label: str) -> Cell:
    mean = row.mean(label)
    return Cell(f"{mean:.{EXACT}f}", mean) if isfinite(mean) else Cell(NONE_JUDGED)
