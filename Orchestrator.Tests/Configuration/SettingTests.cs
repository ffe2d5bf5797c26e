using Microsoft.Extensions.Configuration;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Configuration;

/// <summary>The contract's variables, the sections' keys and what is said of wrong ones.</summary>
public sealed class SettingTests
{
    [Fact]
    public async Task Variables_Set_ReachTheOptions()
    {
        await using var api = await ApiHost.StartAsync(
            "--RUNNERS_HOST=runners.example.com", "--RUNNERS_BIND=127.0.0.2", "--DOCKER_IMAGE_NAME=mine:1", "--INACTIVITY_TIMEOUT_SECONDS=90.5",
            "--CLEANUP_INTERVAL_SECONDS=7", "--MAX_CONCURRENT_RUNNERS=12", "--PROVISION_WAIT_SECONDS=3");

        var options = api.Get<RunnersOptions>();
        Assert.Equal("runners.example.com", options.Host);
        Assert.Equal("127.0.0.2", options.Bind);
        Assert.Equal("mine:1", options.Image);
        Assert.Equal(90.5, options.InactivityTimeoutSeconds);
        Assert.Equal(7, options.CleanupIntervalSeconds);
        Assert.Equal(12, options.MaxConcurrent);
        Assert.Equal(3, options.ProvisionWaitSeconds);
        Assert.Equal("runner-image", api.Get<MachinesOptions>().Image);
        Assert.Equal(12, api.Get<RunnerTemplates>()["session"].MaxLeased);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("false", false)]
    public async Task ReuseRunnerMode_Set_ReachesTheOptions(string value, bool reuse)
    {
        await using var api = await ApiHost.StartAsync($"--REUSE_RUNNER_MODE={value}");

        Assert.Equal(reuse, api.Get<RunnersOptions>().Reuse);
    }

    [Fact]
    public async Task Settings_NothingSet_AreTheContracts()
    {
        await using var api = await ApiHost.StartAsync("--MAX_CONCURRENT_RUNNERS=", "--REUSE_RUNNER_MODE= ");

        var runners = api.Get<RunnersOptions>();
        Assert.Equal(("localhost", "127.0.0.1", "runner-image"), (runners.Host, runners.Bind, runners.Image));
        Assert.Equal((60, 30, 10), (runners.InactivityTimeoutSeconds, runners.CleanupIntervalSeconds, runners.ProvisionWaitSeconds));
        Assert.Null(runners.MaxConcurrent);
        Assert.False(runners.Reuse);
        var machine = api.Get<RunnerTemplates>()["machine"];
        Assert.Equal((9093, 50, ReleasePolicy.Reuse, 10), (machine.FirstPort, machine.MaxLeased, machine.OnRelease, machine.MaxIdle));
        Assert.Null(machine.LeaseTime);
        Assert.True(machine.HostAlias);
    }

    // Not of a host's: those of the tests have no pool.
    [Fact]
    public void Templates_NothingSet_AreTheContracts()
    {
        foreach (var template in (RunnerTemplate[])[new RunnersOptions().ToTemplate(), new MachinesOptions().ToTemplate()])
        {
            Assert.Equal(("runner-image", PullPolicy.Never, 3000, 2), (template.Image, template.Pull, template.ContainerPort, template.MinIdle));
            Assert.Equal((512L << 20, 1.0, 256), (template.Limits.MemoryBytes, template.Limits.Cpus, template.Limits.Processes));
            Assert.Equal((ReadinessKind.Http, "/healthz"), (template.Ready.Kind, template.Ready.Path));
            Assert.Equal((Hardening.Strict, null), (template.Hardening, template.Runtime));
            Assert.Empty(template.Environment);
        }
    }

    [Fact]
    public async Task Variable_BesideItsSectionsKey_Wins()
    {
        await using var api = await ApiHost.StartAsync("--INACTIVITY_TIMEOUT_SECONDS=5", "--Runners:InactivityTimeoutSeconds=7");

        Assert.Equal(5, api.Get<RunnersOptions>().InactivityTimeoutSeconds);
    }

    [Fact]
    public async Task Sections_Nested_ReachTheTemplates()
    {
        await using var api = await ApiHost.StartAsync(
            "--Machines:Image=yashtech00/worker:v1", "--Machines:Hardening=compatible", "--Machines:Environment:DATABASE_URL=postgresql://x",
            "--Machines:Ready:Probe=tcp", "--Machines:Limits:MemoryMiB=128", "--Machines:OnRelease=replace", "--Machines:FirstPort=9500",
            "--Runners:Runtime=runsc", "--Runners:ContainerPort=8000");

        var machine = api.Get<RunnerTemplates>()["machine"];
        Assert.Equal(("yashtech00/worker:v1", Hardening.Compatible, ReadinessKind.Tcp), (machine.Image, machine.Hardening, machine.Ready.Kind));
        Assert.Equal("postgresql://x", machine.Environment["DATABASE_URL"]);
        Assert.Equal((128L << 20, ReleasePolicy.Replace, 9500), (machine.Limits.MemoryBytes, machine.OnRelease, machine.FirstPort));
        var session = api.Get<RunnerTemplates>()["session"];
        Assert.Equal(("runsc", 8000, Hardening.Strict), (session.Runtime, session.ContainerPort, session.Hardening));
    }

    [Fact]
    public async Task Templates_Named_AreThereBesideTheBuiltInOnes()
    {
        await using var api = await ApiHost.StartAsync(
            "--Templates:python:Image=python:3", "--Templates:python:MinIdle=0", "--Templates:python:Limits:MemoryMiB=128",
            "--Templates:python:Environment:NAME=value", "--Templates:python:MaxConcurrent=3", "--Templates:python:FirstPort=9500",
            "--Templates:a-1:MinIdle=0", "--Templates:a-1:InactivityTimeoutSeconds=5", "--Templates:a-1:OnRelease=reuse",
            "--INACTIVITY_TIMEOUT_SECONDS=90", "--PROVISION_WAIT_SECONDS=3");

        var templates = api.Get<RunnerTemplates>();
        Assert.Equal(["session", "machine", "a-1", "python"], templates.All.Select(template => template.Name));
        var python = templates["python"];
        Assert.Equal(("python:3", 128L << 20, "value", 3, 9500), (python.Image, python.Limits.MemoryBytes, python.Environment["NAME"], python.MaxLeased, python.FirstPort));
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(3), ReleasePolicy.Replace), (python.LeaseTime, python.PlaceWait, python.OnRelease));
        Assert.Equal((TimeSpan.FromSeconds(5), ReleasePolicy.Reuse), (templates["a-1"].LeaseTime, templates["a-1"].OnRelease));
        Assert.Equal("runner-image", templates["session"].Image);
    }

    [Theory]
    [InlineData("Python", "invalid name 'Python'. It must be 1 to 63 lower-case letters, digits or '-'.")]
    [InlineData("a_b", "invalid name 'a_b'. It must be 1 to 63 lower-case letters, digits or '-'.")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", "invalid name '0123456789012345678901234567890123456789012345678901234567890123'. It must be 1 to 63 lower-case letters, digits or '-'.")]
    [InlineData("session", "the template 'session' is configured by section Runners.")]
    [InlineData("machine", "the template 'machine' is configured by section Machines.")]
    public async Task Start_TemplateOfAWrongName_SaysWhy(string name, string why) =>
        Assert.Equal($"Templates:{name}: {why}", await ExplainAsync($"--Templates:{name}:MinIdle=0"));

    [Theory]
    [InlineData("PORT", "abc")]
    [InlineData("PORT", "-1")]
    [InlineData("PORT", "65536")]
    [InlineData("PORT", "3001.5")]
    [InlineData("MACHINES_PORT", "x")]
    [InlineData("POD_PORT", "99999")]
    [InlineData("RUNNERS_HOST", "has space")]
    [InlineData("RUNNERS_HOST", "http://host/path")]
    [InlineData("RUNNERS_HOST", "host:80")]
    [InlineData("RUNNERS_BIND", "localhost")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "soon")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "0")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "-5")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "0.9")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "1e300")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "Infinity")]
    [InlineData("INACTIVITY_TIMEOUT_SECONDS", "NaN")]
    [InlineData("CLEANUP_INTERVAL_SECONDS", "0")]
    [InlineData("MAX_CONCURRENT_RUNNERS", "0")]
    [InlineData("MAX_CONCURRENT_RUNNERS", "1.5")]
    [InlineData("MAX_CONCURRENT_RUNNERS", "many")]
    [InlineData("PROVISION_WAIT_SECONDS", "-1")]
    [InlineData("REUSE_RUNNER_MODE", "maybe")]
    [InlineData("Runners:Instance", "no spaces please")]
    [InlineData("Runners:MinIdle", "-1")]
    [InlineData("Runners:Hardening", "soft")]
    [InlineData("Runners:Hardening", "7")]
    [InlineData("Runners:Pull", "sometimes")]
    [InlineData("Runners:ContainerPort", "0")]
    [InlineData("Runners:Ready:Path", "healthz")]
    [InlineData("Runners:Ready:Probe", "icmp")]
    [InlineData("Runners:Ready:TimeoutSeconds", "0")]
    [InlineData("Runners:Limits:MemoryMiB", "1")]
    [InlineData("Machines:Max", "0")]
    [InlineData("Machines:FirstPort", "70000")]
    [InlineData("Machines:OnRelease", "keep")]
    [InlineData("Machines:Limits:Cpus", "none")]
    [InlineData("Templates:python:MinIdle", "-1")]
    [InlineData("Templates:python:MinIdle", "many")]
    [InlineData("Templates:python:Limits:MemoryMiB", "1")]
    [InlineData("Templates:python:Ready:Path", "healthz")]
    [InlineData("Templates:python:Hardening", "7")]
    [InlineData("Templates:python:FirstPort", "0")]
    [InlineData("Templates:python:InactivityTimeoutSeconds", "0.5")]
    [InlineData("Security:AllowAnonymous", "perhaps")]
    [InlineData("Security:AnonymousMetrics", "1")]
    [InlineData("Security:Listen", "nowhere")]
    [InlineData("Security:Listen", "any")]
    [InlineData("Security:Listen", "0.0.0.0")]
    [InlineData("Security:Listen", "loopback,10.0.0.1")]
    [InlineData("Security:ApiKeys", "has space")]
    [InlineData("Cors:AllowedOrigins", "app.example.com")]
    [InlineData("Cors:AllowedOrigins", "https://app.example.com/path")]
    public async Task Start_WrongValue_SaysWhichInOneLine(string setting, string value)
    {
        var line = await ExplainAsync($"--{setting}={value}");

        Assert.StartsWith($"{setting}: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task Start_OnePortForTwoListeners_SaysWhich()
    {
        var line = await ExplainAsync("--PORT=3001", "--MACHINES_PORT=3001");

        Assert.StartsWith("MACHINES_PORT: ", line, StringComparison.Ordinal);
        Assert.Contains("PORT", line[15..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TwoWrongValues_SaysBothWithTheirValues()
    {
        var line = await ExplainAsync("--Runners:MinIdle=-1", "--Machines:Max=0");

        Assert.Contains("Runners:MinIdle: invalid value '-1'. It must be between 0 and 10000.", line, StringComparison.Ordinal);
        Assert.Contains("Machines:Max: invalid value '0'. It must be between 1 and 50000.", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WrongInEverySection_SaysAll()
    {
        var line = await ExplainAsync(
            "--PORT=99999", "--Engine=kubernetes", "--Docker:CallTimeoutSeconds=0", "--Security:Listen=nowhere", "--Cors:AllowedOrigins=nowhere",
            "--Tasks:Slots=-1", "--Prometheus:OtlpEndpoint=nowhere", "--MAX_CONCURRENT_RUNNERS=0", "--Storage:Durability=7");

        Assert.All(
            ["PORT: ", "Engine has to be ", "Docker:CallTimeoutSeconds: ", "Security:Listen: ", "Cors:AllowedOrigins: ", "Tasks:Slots: ",
                "Prometheus:OtlpEndpoint: ", "MAX_CONCURRENT_RUNNERS: ", "Storage:Durability: "],
            problem => Assert.Contains(problem, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_AnonymousSaidInSoManyWords_ListensElsewhere()
    {
        await using var api = await ApiHost.StartAsync("--Security:Listen=any", "--Security:AllowAnonymous=true");

        Assert.True(await Security.Listeners.AcceptsAsync(Security.Listeners.OwnAddress, api.PortOf(Listener.Sessions)));
        // An address of this machine means this machine; another name still does not.
        using var client = new HttpClient { BaseAddress = new Uri($"http://{Security.Listeners.OwnAddress}:{api.PortOf(Listener.Sessions)}") };
        await client.SendAsync(HttpMethod.Get, "/api/runner").JsonAsync(200);
        await client.SendAsync(HttpMethod.Get, "/api/runner", null, ("Host", "evil.example")).FailsAsync(403, "HOST_NOT_ALLOWED");
    }

    [Fact]
    public async Task Instance_NotSet_IsMadeOfTheSessionsPort()
    {
        var port = Security.Listeners.FreePort();
        await using var api = await ApiHost.StartAsync($"--PORT={port}", "--Runners:Instance=");

        Assert.Equal($"port-{port}", api.Get<RunnersOptions>().Instance);
    }

    // As the process says it before it ends.
    private static async Task<string> ExplainAsync(params string[] settings)
    {
        var configuration = new ConfigurationBuilder().AddCommandLine(settings).Build();
        var exception = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var api = await ApiHost.StartAsync(settings);
        });
        return Assert.IsType<string>(OrchestratorProcess.Explain(exception, configuration));
    }
}
