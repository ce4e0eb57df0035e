//! The flags that choose a configuration, shared by all commands that need one.

use std::path::PathBuf;

use crate::config::Layers;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ConfigFlags {
    /// The configuration file; without one, every key has its default
    #[arg(long, short, global = true, value_name = "FILE", env = "MOIM_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// The folder that keeps everything [key: data]
    #[arg(long, short, global = true, value_name = "FOLDER")]
    pub(crate) data: Option<String>,

    /// Sets any key for this run, as in `--set engine.shards=2`
    #[arg(long, short, global = true, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
}

impl ConfigFlags {
    /// File, environment and these flags.
    pub(crate) fn layers(&self) -> Layers {
        let mut layers = Layers::of_process(self.config.as_deref());
        layers.flags.clone_from(&self.set);
        layers.flag("data", self.data.as_ref());
        layers
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in engine.shards=2")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}
