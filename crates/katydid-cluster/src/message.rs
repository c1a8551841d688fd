//! What do master and worker say to each other, and how is it written?
//!
//! A message is an array of three: its type, its data, and the worker's id, in both directions. The forms are Locust's
//! (2.46.3), field by field in its order. What katydid adds between its own nodes is one more key, `katydid`, in data
//! that are maps anyway: stock nodes do not look at it. What a maintainer must not break: a message of a stock node is
//! taken whatever it lacks beyond what Locust itself needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pack::{Malformed, Packed, Reader, Token, Writer};
use crate::report::Report;

/// How many users of each class.
pub type UserCounts = BTreeMap<String, u64>;

/// One life of a master; a restarted one has another.
pub type MasterId = u64;

/// The key of what only katydid's nodes read.
pub(crate) const OURS: &str = "katydid";

/// What a worker says.
#[derive(Clone, Debug, PartialEq)]
pub enum ToMaster {
    /// It wants the locustfile.
    Locustfile {
        /// The version that it has.
        version: String,
    },
    /// It waits for orders.
    Ready {
        /// The version that it has.
        version: Version,
    },
    /// It is alive.
    Heartbeat(Heartbeat),
    /// It has received an order to spawn.
    Spawning,
    /// It has carried out an order to spawn.
    SpawningComplete {
        /// The users that run now.
        users: UserCounts,
    },
    /// What it measured since its last report.
    Stats(Arc<Report>),
    /// The user's code raised.
    Exception {
        /// The exception as text.
        message: String,
        /// Where it was raised.
        traceback: String,
    },
    /// Its log: a map with `worker_id` and `logs`.
    Logs(Packed),
    /// Its users are stopped.
    Stopped,
    /// It ends.
    Quit,
    /// A message of the suite's own.
    Custom {
        /// The message's type.
        kind: String,
        /// What it carries.
        data: Packed,
    },
}

/// What a worker says of its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A version.
    Named(String),
    /// It does not want its version to be looked at: `-1`.
    Unchecked,
    /// Nothing: older than anything that we can work with.
    Missing,
}

/// A sign of life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heartbeat {
    /// `ready`, `spawning` or `running`.
    pub state: String,
    /// Percent of one core.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// What only katydid's workers tell.
    pub standing: Option<Standing>,
}

/// How far a worker of katydid's is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The master whom it obeys.
    pub master: MasterId,
    /// Timestamp of the newest order that it has carried out.
    pub order: f64,
    /// The users that run.
    pub users: UserCounts,
}

/// What a master says.
#[derive(Clone, Debug, PartialEq)]
pub enum ToWorker {
    /// The worker is known.
    Ack {
        /// Its number.
        index: Option<u64>,
        /// Who the master is, if it is one of katydid's.
        master: Option<MasterId>,
    },
    /// The master is alive.
    Heartbeat {
        /// Reports up to this number, by this master, are merged.
        merged: Option<(MasterId, u64)>,
    },
    /// So many users shall run.
    Spawn(SpawnOrder),
    /// All users of all workers run.
    SpawningComplete {
        /// How many.
        user_count: u64,
    },
    /// No users shall run.
    Stop {
        /// When it was ordered, if by one of katydid's masters.
        order: Option<f64>,
    },
    /// The worker shall end.
    Quit,
    /// The worker shall connect anew.
    Reconnect {
        /// Who the master is, if it is one of katydid's.
        master: Option<MasterId>,
    },
    /// A message of the suite's own, a locustfile, or a change of a user class.
    Custom {
        /// The message's type.
        kind: String,
        /// What it carries.
        data: Packed,
    },
}

/// The users that shall run on one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct SpawnOrder {
    /// When it was ordered, in Unix seconds: each order's is higher than those before it.
    pub timestamp: f64,
    /// Absolute numbers.
    pub users: UserCounts,
    /// What goes for all workers.
    pub setup: Arc<Setup>,
    /// Which of the master's runs this is, if it is one of katydid's masters.
    pub run: Option<(MasterId, u64)>,
}

/// What a master tells its workers about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The host to load.
    pub host: Option<String>,
    /// How long users may take to stop, in seconds.
    pub stop_timeout_s: f64,
    /// The master's options, a map.
    pub parsed_options: Packed,
}

/// Writes a message of the worker `id`.
pub fn encode_to_master(message: &ToMaster, id: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(3).text(kind_to_master(message));
    match message {
        ToMaster::Locustfile { version } => drop(writer.map(1).text("version").text(version)),
        ToMaster::Ready { version } => match version {
            Version::Named(version) => drop(writer.text(version)),
            Version::Unchecked => drop(writer.int(-1)),
            Version::Missing => drop(writer.nil()),
        },
        ToMaster::Heartbeat(heartbeat) => heartbeat.write(&mut writer),
        ToMaster::Spawning | ToMaster::Stopped | ToMaster::Quit => drop(writer.nil()),
        ToMaster::SpawningComplete { users } => {
            write_users(writer.map(2).text("user_classes_count"), users);
            writer.text("user_count").uint(users.values().sum());
        }
        ToMaster::Stats(report) => report.write(&mut writer),
        ToMaster::Exception { message, traceback } => {
            writer.map(2).text("msg").text(message).text("traceback").text(traceback);
        }
        ToMaster::Logs(data) | ToMaster::Custom { data, .. } => drop(writer.packed(data)),
    }
    writer.text(id);
    writer.into_bytes()
}

fn kind_to_master(message: &ToMaster) -> &str {
    match message {
        ToMaster::Locustfile { .. } => "locustfile",
        ToMaster::Ready { .. } => "client_ready",
        ToMaster::Heartbeat(_) => "heartbeat",
        ToMaster::Spawning => "spawning",
        ToMaster::SpawningComplete { .. } => "spawning_complete",
        ToMaster::Stats(_) => "stats",
        ToMaster::Exception { .. } => "exception",
        ToMaster::Logs(_) => "logs",
        ToMaster::Stopped => "client_stopped",
        ToMaster::Quit => "quit",
        ToMaster::Custom { kind, .. } => kind,
    }
}

/// Writes a message to the worker `id`.
pub fn encode_to_worker(message: &ToWorker, id: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(3).text(kind_to_worker(message));
    match message {
        ToWorker::Ack { index: None, .. } => drop(writer.nil()),
        ToWorker::Ack { index: Some(index), master } => {
            writer.map(1 + usize::from(master.is_some())).text("index").uint(*index);
            write_master(&mut writer, *master);
        }
        ToWorker::Heartbeat { merged: None } | ToWorker::Quit => drop(writer.nil()),
        ToWorker::Heartbeat { merged: Some((master, merged)) } => {
            writer.map(1).text(OURS).map(2).text("master").uint(*master).text("merged").uint(*merged);
        }
        ToWorker::Spawn(order) => order.write(&mut writer),
        ToWorker::SpawningComplete { user_count } => drop(writer.map(1).text("user_count").uint(*user_count)),
        ToWorker::Stop { order: None } | ToWorker::Reconnect { master: None } => drop(writer.nil()),
        ToWorker::Stop { order: Some(order) } => {
            writer.map(1).text(OURS).map(1).text("order").float(*order);
        }
        ToWorker::Reconnect { master } => write_master(writer.map(1), *master),
        ToWorker::Custom { data, .. } => drop(writer.packed(data)),
    }
    writer.text(id);
    writer.into_bytes()
}

fn kind_to_worker(message: &ToWorker) -> &str {
    match message {
        ToWorker::Ack { .. } => "ack",
        ToWorker::Heartbeat { .. } => "heartbeat",
        ToWorker::Spawn(_) => "spawn",
        ToWorker::SpawningComplete { .. } => "spawning_complete",
        ToWorker::Stop { .. } => "stop",
        ToWorker::Quit => "quit",
        ToWorker::Reconnect { .. } => "reconnect",
        ToWorker::Custom { kind, .. } => kind,
    }
}

fn write_master(writer: &mut Writer, master: Option<MasterId>) {
    if let Some(master) = master {
        writer.text(OURS).map(1).text("master").uint(master);
    }
}

pub(crate) fn write_users(writer: &mut Writer, users: &UserCounts) {
    writer.map(users.len());
    for (class, count) in users {
        writer.text(class).uint(*count);
    }
}

impl Heartbeat {
    fn write(&self, writer: &mut Writer) {
        writer.map(3 + usize::from(self.standing.is_some())).text("state").text(&self.state);
        writer.text("current_cpu_usage").float(self.cpu_percent);
        writer.text("current_memory_usage").uint(self.memory_bytes);
        if let Some(standing) = &self.standing {
            writer.text(OURS).map(3).text("master").uint(standing.master).text("order").float(standing.order);
            write_users(writer.text("users"), &standing.users);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut heartbeat = Self::default();
        for _ in 0..reader.map()? {
            match reader.key()? {
                "state" => heartbeat.state = reader.text()?.to_owned(),
                "current_cpu_usage" => heartbeat.cpu_percent = reader.token()?.as_f64().unwrap_or(0.0),
                "current_memory_usage" => heartbeat.memory_bytes = reader.token()?.as_u64().unwrap_or(0),
                OURS => heartbeat.standing = Some(Standing::read(reader)?),
                _ => drop(reader.value()?),
            }
        }
        if heartbeat.state.is_empty() { Err(Malformed("a heartbeat has no state")) } else { Ok(heartbeat) }
    }
}

impl Standing {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut standing = Self::default();
        for _ in 0..reader.map()? {
            match reader.key()? {
                "master" => standing.master = reader.count()?,
                "order" => standing.order = reader.real()?,
                "users" => standing.users = read_users(reader)?,
                _ => drop(reader.value()?),
            }
        }
        Ok(standing)
    }
}

impl SpawnOrder {
    fn write(&self, writer: &mut Writer) {
        writer.map(5 + usize::from(self.run.is_some())).text("timestamp").float(self.timestamp);
        write_users(writer.text("user_classes_count"), &self.users);
        match &self.setup.host {
            Some(host) => writer.text("host").text(host),
            None => writer.text("host").nil(),
        };
        writer.text("stop_timeout").float(self.setup.stop_timeout_s);
        writer.text("parsed_options").packed(&self.setup.parsed_options);
        if let Some((master, run)) = self.run {
            writer.text(OURS).map(2).text("master").uint(master).text("run").uint(run);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut timestamp, mut users, mut run) = (None, None, None);
        let mut setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: empty_map() };
        for _ in 0..reader.map()? {
            match reader.key()? {
                "timestamp" => timestamp = Some(reader.real()?),
                "user_classes_count" => users = Some(read_users(reader)?),
                "host" => setup.host = optional_text(reader)?,
                "stop_timeout" => setup.stop_timeout_s = reader.token()?.as_f64().unwrap_or(0.0),
                "parsed_options" => setup.parsed_options = Packed::of_value(reader.value()?),
                OURS => run = Some(read_pair(reader, "master", "run")?),
                _ => drop(reader.value()?),
            }
        }
        let (Some(timestamp), Some(users)) = (timestamp, users) else {
            return Err(Malformed("an order to spawn has no timestamp or no users"));
        };
        Ok(Self { timestamp, users, setup: Arc::new(setup), run })
    }
}

fn empty_map() -> Packed {
    let mut writer = Writer::new();
    writer.map(0);
    Packed::of_value(&writer.into_bytes())
}

fn optional_text(reader: &mut Reader<'_>) -> Result<Option<String>, Malformed> {
    match reader.token()? {
        Token::Nil => Ok(None),
        Token::Text(text) => Ok(Some(text.to_owned())),
        _ => Err(Malformed("a text was expected")),
    }
}

/// Two numbers of a map.
fn read_pair(reader: &mut Reader<'_>, first: &str, second: &str) -> Result<(u64, u64), Malformed> {
    let mut pair = (0, 0);
    for _ in 0..reader.map()? {
        match reader.key()? {
            key if key == first => pair.0 = reader.count()?,
            key if key == second => pair.1 = reader.count()?,
            _ => drop(reader.value()?),
        }
    }
    Ok(pair)
}

/// Users by class; no more of one than can be added up whatever workers say.
pub(crate) fn read_users(reader: &mut Reader<'_>) -> Result<UserCounts, Malformed> {
    let pairs = reader.map()?;
    let pair = |_| match (reader.text()?, reader.count()?) {
        (class, users) if users <= u32::MAX.into() => Ok((class.to_owned(), users)),
        _ => Err(Malformed("so many users are not possible")),
    };
    (0..pairs).map(pair).collect()
}

/// A message and what the sender calls the worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<M> {
    /// The message.
    pub message: M,
    /// The worker's id as the message says it.
    pub node_id: String,
}

/// Type, data and id of a message, unread.
struct Parts<'a> {
    kind: &'a str,
    data: &'a [u8],
    node_id: &'a str,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != 3 {
            return Err(Malformed("a message has three parts"));
        }
        let (kind, data) = (reader.text()?, reader.value()?);
        let node_id = match reader.token()? {
            Token::Text(node_id) => node_id,
            Token::Nil => "",
            _ => return Err(Malformed("a node's id is a text")),
        };
        if reader.is_at_end() {
            Ok(Self { kind, data, node_id })
        } else {
            Err(Malformed("something follows its end"))
        }
    }

    fn packed(&self) -> Packed {
        Packed::of_value(self.data)
    }
}

/// Reads what a worker says.
///
/// # Errors
/// It is no message, or one of Locust's without what it needs.
pub fn decode_to_master(bytes: &[u8]) -> Result<Envelope<ToMaster>, Malformed> {
    let parts = Parts::of(bytes)?;
    let mut data = Reader::new(parts.data);
    let message = match parts.kind {
        "locustfile" => ToMaster::Locustfile { version: text_at(&mut data, "version")?.unwrap_or_default() },
        "client_ready" => ToMaster::Ready { version: read_version(&mut data)? },
        "heartbeat" => ToMaster::Heartbeat(Heartbeat::read(&mut data)?),
        "spawning" => ToMaster::Spawning,
        "spawning_complete" => ToMaster::SpawningComplete { users: users_at(&mut data)? },
        "stats" => ToMaster::Stats(Arc::new(Report::read(parts.data)?)),
        "exception" => read_exception(&mut data)?,
        "logs" => ToMaster::Logs(parts.packed()),
        "client_stopped" => ToMaster::Stopped,
        "quit" => ToMaster::Quit,
        kind => ToMaster::Custom { kind: kind.to_owned(), data: parts.packed() },
    };
    Ok(Envelope { message, node_id: parts.node_id.to_owned() })
}

fn read_version(data: &mut Reader<'_>) -> Result<Version, Malformed> {
    Ok(match data.token()? {
        Token::Text(version) if !version.is_empty() => Version::Named(version.to_owned()),
        Token::Int(-1) => Version::Unchecked,
        Token::Nil | Token::Text(_) | Token::Bool(false) | Token::Int(0) | Token::Map(0) => Version::Missing,
        _ => return Err(Malformed("a version is a text")),
    })
}

fn text_at(data: &mut Reader<'_>, wanted: &str) -> Result<Option<String>, Malformed> {
    let mut found = None;
    for _ in 0..data.map()? {
        if data.key()? == wanted {
            found = optional_text(data)?;
        } else {
            data.value()?;
        }
    }
    Ok(found)
}

fn users_at(data: &mut Reader<'_>) -> Result<UserCounts, Malformed> {
    let mut users = None;
    for _ in 0..data.map()? {
        match data.key()? {
            "user_classes_count" => users = Some(read_users(data)?),
            _ => drop(data.value()?),
        }
    }
    users.ok_or(Malformed("it does not say how many users run"))
}

fn read_exception(data: &mut Reader<'_>) -> Result<ToMaster, Malformed> {
    let (mut message, mut traceback) = (String::new(), String::new());
    for _ in 0..data.map()? {
        match data.key()? {
            "msg" => message = optional_text(data)?.unwrap_or_default(),
            "traceback" => traceback = optional_text(data)?.unwrap_or_default(),
            _ => drop(data.value()?),
        }
    }
    Ok(ToMaster::Exception { message, traceback })
}

/// Reads what a master says.
///
/// # Errors
/// It is no message, or one of Locust's without what it needs.
pub fn decode_to_worker(bytes: &[u8]) -> Result<Envelope<ToWorker>, Malformed> {
    let parts = Parts::of(bytes)?;
    let mut data = Reader::new(parts.data);
    let message = match parts.kind {
        "ack" => read_ack(&mut data)?,
        "heartbeat" => {
            ToWorker::Heartbeat { merged: ours_at(&mut data, |ours| read_pair(ours, "master", "merged"))? }
        }
        "spawn" => ToWorker::Spawn(SpawnOrder::read(&mut data)?),
        "spawning_complete" => ToWorker::SpawningComplete { user_count: count_at(&mut data, "user_count")? },
        "stop" => ToWorker::Stop { order: ours_at(&mut data, |ours| real_at(ours, "order"))?.flatten() },
        "quit" => ToWorker::Quit,
        "reconnect" => ToWorker::Reconnect { master: ours_at(&mut data, |ours| count_at(ours, "master"))? },
        kind => ToWorker::Custom { kind: kind.to_owned(), data: parts.packed() },
    };
    Ok(Envelope { message, node_id: parts.node_id.to_owned() })
}

fn read_ack(data: &mut Reader<'_>) -> Result<ToWorker, Malformed> {
    let (mut index, mut master) = (None, None);
    for _ in 0..data.map()? {
        match data.key()? {
            "index" => index = data.token()?.as_u64(),
            OURS => master = Some(count_at(data, "master")?),
            _ => drop(data.value()?),
        }
    }
    Ok(ToWorker::Ack { index, master })
}

/// What katydid's nodes added to a map; stock's data may be anything.
fn ours_at<T>(
    data: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    let Token::Map(pairs) = data.token()? else { return Ok(None) };
    let mut found = None;
    for _ in 0..pairs {
        match data.key()? {
            OURS => found = Some(read(data)?),
            _ => drop(data.value()?),
        }
    }
    Ok(found)
}

fn count_at(data: &mut Reader<'_>, wanted: &str) -> Result<u64, Malformed> {
    let mut found = 0;
    for _ in 0..data.map()? {
        match data.key()? {
            key if key == wanted => found = data.count()?,
            _ => drop(data.value()?),
        }
    }
    Ok(found)
}

fn real_at(data: &mut Reader<'_>, wanted: &str) -> Result<Option<f64>, Malformed> {
    let mut found = None;
    for _ in 0..data.map()? {
        match data.key()? {
            key if key == wanted => found = Some(data.real()?),
            _ => drop(data.value()?),
        }
    }
    Ok(found)
}
