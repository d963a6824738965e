"""What becomes of the keys of BasicSR's option files?"""

from typing import Final

from srkit_core.option_files import training_keys as training
from srkit_core.option_files import validation_keys as validation
from srkit_core.option_files.losses_of_others import BASICSR_LOSSES
from srkit_core.option_files.networks_of_others import DISCRIMINATORS, GENERATORS
from srkit_core.option_files.other_trainer import OtherTrainer, TrainersDefault
from srkit_core.option_files.sayings import whole
from srkit_core.option_files.schedules_of_others import SCHEDULE_ROWS
from srkit_core.option_files.ways import (
    Becomes,
    By,
    Never,
    OfType,
    Row,
    Same,
    SaysFlag,
    Switch,
)

_LOADER: Final = Same("the loader decides for itself")
_PROCESSES: Final = Same("`torchrun` starts processes, which find each other")
_FOLDERS: Final = Same("`--out` names the run folder, and all that is written lies in it")
_VIDEO: Final = Never("of video, which srkit does not train")

_SET: Final = "datasets.val*"

_PICTURES: Final = (
    Row("datasets.train.name", Same("`--data` names the pictures")),
    Row(
        "datasets.train.type", By("`degradation`: `paired` or `realesrgan`", training.dataset_type)
    ),
    Row("datasets.train.dataroot_gt", By("`--data`", training.training_pictures)),
    Row("datasets.train.dataroot_lq", By("`--lq`", training.training_lr)),
    Row(
        "datasets.train.meta_info, datasets.train.meta_info_file",
        By('`--data "LIST in FOLDER"`', training.training_list),
    ),
    Row("datasets.train.filename_tmpl", By("`lr_names.train` under `[data]`", training.file_names)),
    Row("datasets.*.io_backend.type", By("files, or `srkit prepare`", training.io_backend)),
    Row("datasets.*.io_backend.*", Same("`--data` says where pictures lie")),
    Row("datasets.train.gt_size", Becomes("stages.patch", whole)),
    Row("datasets.train.use_hflip, datasets.train.use_rot", By("`augment`", training.augment)),
    Row("datasets.train.num_worker_per_gpu", SaysFlag("--workers")),
    Row("datasets.train.batch_size_per_gpu", By("`batch`, of all GPUs", training.batch)),
    Row(
        "datasets.train.dataset_enlarge_ratio, datasets.train.prefetch_mode, "
        "datasets.train.pin_memory, datasets.train.persistent_workers, "
        "datasets.train.num_prefetch_queue, datasets.train.use_shuffle",
        _LOADER,
    ),
    Row("datasets.*.color", Never("networks see RGB")),
    Row("datasets.*.mean, datasets.*.std", Never("networks see [0, 1]")),
    Row(
        "datasets.*.num_frame, datasets.*.interval_list, datasets.*.random_reverse, "
        "datasets.*.val_partition, datasets.*.dataroot_flow, datasets.*.flip_sequence, "
        "datasets.*.test_mode, datasets.*.padding, datasets.*.cache_data",
        _VIDEO,
    ),
)
"""Keys of training pictures."""

_SETS: Final = (
    Row(f"{_SET}.name", Same("`--val NAME=PATH`")),
    Row(f"{_SET}.type", By("`degradation` of the set", validation.set_type)),
    Row(f"{_SET}.dataroot_gt", By('`--val "NAME=HR with LR"`', validation.set_pictures)),
    Row(f"{_SET}.dataroot_lq", By('`--val "NAME=HR with LR"`', validation.set_lr)),
    Row(f"{_SET}.filename_tmpl", By("`lr_names.NAME` under `[data]`", validation.set_file_names)),
    Row(
        f"{_SET}.meta_info, {_SET}.meta_info_file",
        By('`--val "NAME=LIST in HR with LR"`', validation.set_list),
    ),
)
"""Keys of validation sets."""

_NETWORKS: Final = (
    Row(
        "network_g.*",
        OfType("generator", "generator", GENERATORS, "`generator`, see the table of networks"),
    ),
    Row(
        "network_d.*",
        OfType(
            "discriminator",
            "discriminator",
            DISCRIMINATORS,
            "`discriminator`, see the table of networks",
        ),
    ),
    Row("path.pretrain_network_g", By("`--init`", training.first_weights)),
    Row("path.pretrain_network_d", SaysFlag("--init-disc")),
    Row(
        "path.strict_load_g, path.strict_load_d",
        By("weights that do not fit are refused; `false`: `--init-partial`", training.strict),
    ),
    Row("path.param_key_g", By("`srkit weights import --key`", training.table_of_weights)),
    Row("path.param_key_d", Same("the only table of a discriminator's file", ("params",))),
    Row("path.resume_state", Same("`--resume`, in `--out RUN`")),
    Row(
        "path.experiments_root, path.models, path.training_states, path.log, "
        "path.visualization, path.results_root, path.root, root_path",
        _FOLDERS,
    ),
)
"""Keys of networks and their weights."""

_LOSSES: Final = (
    Row("train.*_opt.*", OfType("stages.loss", "loss", BASICSR_LOSSES, "`loss`, see its table")),
)
"""Keys of losses, those of models of one's own too."""

_TRAINING: Final = (
    Row("train.total_iter", Becomes("stages.steps", whole)),
    Row("train.warmup_iter", By("`lr_warmup`", training.warm_up)),
    Row("train.ema_decay", By("`ema`", training.average)),
    Row("train.optim_g.lr, train.optim_d.lr", By("`lr`", training.rate)),
    Row("train.optim_g.*, train.optim_d.*", By("`optimizer`", training.optimizer_option)),
    *SCHEDULE_ROWS,
    Row("train.net_d_iters", By("`generator_every`", training.every)),
    Row("train.net_d_init_iters", By("`freeze`", training.frozen)),
)
"""Keys of steps, rates and optimizers."""

_VALIDATION: Final = (
    Row("val.val_freq", Becomes("stages.validate_every", whole)),
    Row("val.save_img", Becomes("validation.files", bool)),
    Row("val.pbar", Same("a validation shows how far it is")),
    Row("val.suffix", Same("files are called as their pictures")),
    Row("val.metrics.*.type", By("`metrics` under `[validation]`", validation.metric)),
    Row("val.metrics.*.crop_border", By("`border`", validation.metric_border)),
    Row("val.metrics.*.test_y_channel", By("`protocol`", validation.metric_channel)),
    Row("val.metrics.*.better", By("known of each metric", validation.better)),
)
"""Keys of validation."""

_MACHINE: Final = (
    Row("logger.print_freq", Becomes("stages.log_every", whole)),
    Row("logger.save_checkpoint_freq", Becomes("stages.checkpoint_every", whole)),
    Row("logger.use_tb_logger", Switch(("--track", "tensorboard"))),
    Row("logger.wandb.project", By('`--track "wandb(project=...)"`', training.wandb)),
    Row("logger.wandb.resume_id", Same("`--resume` goes on with the run that was tracked")),
    Row(
        "dist_params.*, dist, launcher, rank, world_size, auto_resume, is_train, "
        "find_unused_parameters",
        _PROCESSES,
    ),
)
"""Keys of where a run happens."""

_HEAD: Final = (
    Row("name", Becomes("name", training.run_name)),
    Row("model_type", By("what is adversarial", training.model_type)),
    Row("scale", Becomes("scale", whole)),
    Row("num_gpu", By("`batch` counts all GPUs; `0`: `--device cpu`", training.num_gpu)),
    Row("manual_seed", Becomes("seed", whole)),
)
"""Keys at the head of a file."""

BASICSR_ROWS: Final = (
    *_HEAD,
    *_PICTURES,
    *_SETS,
    *_NETWORKS,
    *_LOSSES,
    *_TRAINING,
    *_VALIDATION,
    *_MACHINE,
)
"""Every key of BasicSR's option files for super-resolution of pictures."""

BASICSR: Final = OtherTrainer(
    "BasicSR",
    BASICSR_ROWS,
    (
        TrainersDefault("val.metrics.*", "test_y_channel", False),
        TrainersDefault("val.metrics.*", "crop_border", 0),
        TrainersDefault("train.*_opt", "loss_weight", 1.0),
        TrainersDefault("train.gan_opt", "gan_type", "vanilla"),
        TrainersDefault("train.perceptual_opt", "perceptual_weight", 1.0),
    ),
)
"""BasicSR (Wang et al. 2022), its newest code."""
