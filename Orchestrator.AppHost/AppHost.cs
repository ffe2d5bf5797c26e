using Microsoft.Extensions.Configuration;
using Orchestrator.AppHost;
using static Orchestrator.AppHost.Composition;

// No part waits for another: each starts at once, reports on /ready what it lacks, and uses it once available.
// Arguments after "--" go to API and workers: dotnet run --project Orchestrator.AppHost -- -- --Runners:MinIdle=5
try
{
    var (own, settings) = CommandLine.Split(args);
    var builder = DistributedApplication.CreateBuilder(own);
    var running = builder.ExecutionContext.IsRunMode;
    builder.WaitForParts();
    using var state = StateFolder.Claim(builder);
    var machine = await Machine.LookAtAsync(builder);

    var redis = machine.RunsContainers ? builder.AddRedisContainer() : builder.AddRedisProgram(state.Of(Names.Redis));
    var prometheus = machine.RunsContainers ? builder.AddPrometheusContainer() : builder.AddPrometheusProgram(state.Of(Names.Prometheus));
    var grafana = machine.RunsContainers ? builder.AddGrafana(prometheus!) : builder.LeaveOut(Names.Grafana, "it runs as a container only");

    var api = builder.AddProject<Projects.Orchestrator_Api>(Names.Api)
        .WithHttpEndpoint(builder.PortOf(Variables.SessionsPort, Ports.Sessions), running ? null : Ports.Sessions, "sessions", Variables.SessionsPort)
        .WithHttpEndpoint(builder.PortOf(Variables.MachinesPort, Ports.Machines), running ? null : Ports.Machines, "machines", Variables.MachinesPort)
        .WithExternalHttpEndpoints()
        .WithSettings(settings)
        .WithTelemetry(prometheus)
        .WithEnvironment(Variables.Instance, builder.InstanceName())
        .WithHttpHealthCheck("/health", endpointName: "sessions")
        .WithUrlForEndpoint("sessions", url => url.DisplayText = "The page")
        .WithUrlForEndpoint("machines", url => url.DisplayText = "Machines")
        .WithDrainCommand()
        .WithRestarts();

    if (redis is null)
    {
        // Embedded: store and worker are in the API's process.
        api.WithHttpEndpoint(builder.PortOf(Variables.PodPort, Ports.Pod), name: "pod", env: Variables.PodPort);
    }
    else
    {
        api.WithReference(redis);
        var worker = builder.AddProject<Projects.Orchestrator_Worker>(Names.Worker)
            .WithReplicas(builder.Configuration.GetValue("Workers", Workers))
            .WithHttpEndpoint(builder.PortOf(Variables.PodPort, Ports.Pod), running ? null : Ports.Pod, "pod", Variables.PodPort)
            .WithExternalHttpEndpoints()
            .WithSettings(settings)
            .WithReference(redis)
            .WithEnvironment(Variables.ApiUrl, api.GetEndpoint("sessions"))
            .WithTelemetry(prometheus)
            .WithHttpHealthCheck("/ready", endpointName: "pod")
            .WithUrlForEndpoint("pod", url => url.DisplayText = "Pod and mining")
            .WithRestarts();
        builder.AddDeploymentSettings(api, worker);
    }

    if (running)
    {
        api.WithEnvironment(Variables.DataFolder, state.Path)
            .WithLink(Variables.PrometheusLink, prometheus)
            .WithLink(Variables.GrafanaLink, grafana)
            .WithEngine(machine);
        builder.AddRunnerImage(machine);
    }

    await builder.Build().RunToTheEndAsync();
    return 0;
}
catch (LaunchException e)
{
    await Console.Error.WriteLineAsync($"orchestrator: {e.Message}");
    return 1;
}
